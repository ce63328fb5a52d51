using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>The protocol of SplitInfer, by any of its schemes.</summary>
/// <param name="address">The server.</param>
/// <param name="plan">The plan of its model.</param>
/// <param name="options">How it is reached.</param>
/// <param name="boundary">What is sent; stays the caller's.</param>
/// <param name="time">The clock.</param>
internal sealed class FrameCarrier(Uri address, PartitionPlan plan, TransportOptions options, TensorValue boundary, TimeProvider time) : ITransportCarrier
{
    private readonly RemoteTailTransport _transport = new(address, "stub", "", plan, CodecRegistry.Default, options, time);
    private readonly TailRequest _request = new RawRequests(plan.AllOnServer, [boundary]).Next();

    public string Scheme => address.Scheme;

    public async ValueTask SendAsync() => (await _transport.SendAsync(_request).ConfigureAwait(false)).Dispose();

    public ValueTask DisposeAsync() => _transport.DisposeAsync();
}
