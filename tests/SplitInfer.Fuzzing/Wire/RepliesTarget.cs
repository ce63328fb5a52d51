using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Codecs.Raw;
using SplitInfer.Protocol;
using SplitInfer.Tensors;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Fuzzing.Wire;

/// <summary>The client's transport, from a server's first byte to its last: welcome, model, response, refusal, going away.</summary>
internal sealed class RepliesTarget : ScriptTarget
{
    private readonly RemoteModel _model = new("model", "", WirePlan.Plan);
    private readonly TransportOptions _options = new();

    private readonly TailRequest _request = new()
    {
        Partition = WirePlan.Plan.Partitions[WirePlan.Symbolic], Codec = new RawCodec(), SymbolSizes = [3], Boundary = WirePlan.Boundary(WirePlan.Symbolic, 3),
    };

    public override string Name => "replies";

    public override int LeastOutcomes => 20;

    protected override IReadOnlyList<byte[]> Seeds => WireSeeds.OfServer;

    // What ITailTransport.SendAsync documents, and the limit that a client sets for outputs.
    public override bool Documents(Exception error) => error is ServerUnreachableException or TailRefusedException or ProtocolException or SizeLimitException;

    public override string Take(byte[] input) => TakeAsync(input).GetAwaiter().GetResult();

    private async Task<string> TakeAsync(byte[] input)
    {
        var connections = 0;
        var link = new ServerLink(_ => new(Interlocked.Increment(ref connections) == 1 ? new ScriptedServer(input) : throw new IOException("The server is gone.")), "fuzz", CodecRegistry.Default, _options, TimeProvider.System);
        await using var transport = new RemoteTailTransport(link, _model);
        using var reply = await transport.SendAsync(_request).ConfigureAwait(false);
        var outputs = WirePlan.Plan.Partitions[WirePlan.Symbolic].TailOutputs;
        for (var i = 0; i < outputs.Length; i++)
            if (!outputs[i].Accepts(reply.Outputs[i]!.ElementType, reply.Outputs[i]!.Shape)) throw new FuzzFindException($"Output {i} is a {reply.Outputs[i]}.");
        return $"{reply.Outputs[1]!.Shape}";
    }
}
