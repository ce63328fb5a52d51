using SplitInfer.Testing.Wire;

namespace SplitInfer.IntegrationTests.Transport;

/// <summary>What a request costs the garbage collector, both ends together. Runs alone, since what other tests allocate would be counted.</summary>
[Collection(Name)]
[CollectionDefinition(Name, DisableParallelization = true)]
public class TransportAllocationTests
{
    private const string Name = "alone";
    private const int WarmUp = 3000, Batches = 5, Requests = 500;

    // Some 380 bytes are the reply with its tensors and the run's state in this test; a message or a byte string a request would show.
    private const long MostBytes = 700;

    [Theory]
    [InlineData("tcp")]
    [InlineData("unix")]
    public async Task A_small_request_allocates_little_but_its_reply(string kind)
    {
        await using var transport = new TransportKind(kind);
        var request = new Exchange(WirePlan.Fixed, seed: 1).Request;
        await SendAsync(WarmUp);
        var least = long.MaxValue;
        for (var batch = 0; batch < Batches; batch++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            await SendAsync(Requests);
            least = Math.Min(least, (GC.GetTotalAllocatedBytes(precise: true) - before) / Requests);
        }

        Assert.InRange(least, 1, MostBytes);

        async Task SendAsync(int count)
        {
            for (var i = 0; i < count; i++) (await transport.Transport.SendAsync(request)).Dispose();
        }
    }
}
