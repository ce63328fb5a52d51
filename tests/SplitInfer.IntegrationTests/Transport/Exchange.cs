using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Codecs.Raw;
using SplitInfer.Tensors;
using SplitInfer.Testing.Wire;

namespace SplitInfer.IntegrationTests.Transport;

/// <summary>A request with seeded content, and the reply that it must get.</summary>
internal sealed class Exchange
{
    private readonly TensorValue[] _expected;

    public Exchange(int partition, int seed, int n = 3, ITensorCodec? codec = null)
    {
        codec ??= new RawCodec();
        var boundary = WirePlan.Boundary(partition, n, seed);
        _expected = DigestModel.OutputsFor(partition, boundary);
        Request = new()
        {
            Partition = WirePlan.Plan.Partitions[partition],
            Codec = codec,
            SymbolSizes = BoundaryLayout.For(WirePlan.Plan.Partitions[partition].Boundary).Measure(boundary),
            Boundary = boundary,
        };
    }

    public TailRequest Request { get; }

    /// <summary>Sends the request and holds the reply against what is due.</summary>
    public async Task MakeAsync(ITailTransport transport, CancellationToken cancellationToken = default)
    {
        using var reply = await transport.SendAsync(Request, cancellationToken);
        Assert.Equal(_expected.Length, reply.Outputs.Length);
        foreach (var (due, got) in _expected.Zip(reply.Outputs))
        {
            Assert.Equal((due.ElementType, due.Shape), (got!.ElementType, got.Shape));
            Assert.True(due.Bytes.Span.SequenceEqual(got.Bytes.Span));
        }
    }
}
