using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Protocol;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks.Servers;

/// <summary>A SplitInfer server that is asked for everything, over a connection for each client. What a client waits that comes back later is part of what its request takes.</summary>
internal sealed class ServedContender : ILoadContender
{
    private readonly RawRequests _requests;
    private readonly RemoteTailTransport[] _clients;
    private readonly bool _comesBack;

    /// <param name="address">The server.</param>
    /// <param name="reach">How it is reached.</param>
    /// <param name="model">A model that it holds.</param>
    /// <param name="inputs">What is sent; stays the caller's.</param>
    /// <param name="clients">How many clients there are.</param>
    /// <param name="comesBack">Whether one that is refused because too many wait comes back when it is told to, rather than failing.</param>
    public ServedContender(Uri address, TransportOptions reach, PartitionedModel model, TensorValue[] inputs, int clients, bool comesBack = true)
    {
        (_requests, _comesBack) = (new(model.Plan.AllOnServer, inputs), comesBack);
        _clients = [.. Enumerable.Range(0, clients).Select(_ => new RemoteTailTransport(address, "", "", model.Plan, CodecRegistry.Default, reach, TimeProvider.System))];
    }

    public string Name => "splitinfer";

    public int MaxClients => _clients.Length;

    public async ValueTask InferAsync(int client, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                (await _clients[client].SendAsync(_requests.Next(), cancellationToken).ConfigureAwait(false)).Dispose();
                return;
            }
            catch (TailRefusedException busy) when (_comesBack && busy.Code == RefusalCode.Busy)
            {
                // As a client without a device would.
                await Task.Delay(busy.RetryAfter ?? TimeSpan.FromMilliseconds(10), TimeProvider.System, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients) await client.DisposeAsync().ConfigureAwait(false);
    }
}
