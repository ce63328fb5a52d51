using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks.Servers;

/// <summary>A SplitInfer server that is asked for everything, over a connection for each client.</summary>
internal sealed class ServedContender : ILoadContender
{
    private static readonly ITensorCodec Raw = CodecRegistry.Default.All.First(static codec => codec.IsIdentity);

    private readonly PartitionedModel _model;
    private readonly TensorValue[] _inputs;
    private readonly RemoteTailTransport[] _clients;

    /// <param name="address">The server.</param>
    /// <param name="reach">How it is reached.</param>
    /// <param name="model">A model that it holds.</param>
    /// <param name="inputs">What is sent; stays the caller's.</param>
    /// <param name="clients">How many clients there are.</param>
    public ServedContender(Uri address, TransportOptions reach, PartitionedModel model, TensorValue[] inputs, int clients)
    {
        (_model, _inputs) = (model, inputs);
        _clients = [.. Enumerable.Range(0, clients).Select(_ => new RemoteTailTransport(address, "", "", model.Plan, CodecRegistry.Default, reach, TimeProvider.System))];
    }

    public string Name => "splitinfer";

    public int MaxClients => _clients.Length;

    public async ValueTask InferAsync(int client, CancellationToken cancellationToken)
    {
        var request = new TailRequest { Partition = _model.Plan.AllOnServer, Codec = Raw, SymbolSizes = [], Boundary = _inputs };
        (await _clients[client].SendAsync(request, cancellationToken).ConfigureAwait(false)).Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients) await client.DisposeAsync().ConfigureAwait(false);
    }
}
