using Microsoft.Extensions.Logging.Abstractions;
using SplitInfer.AspNetCore.WebSockets;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Server;
using SplitInfer.Server.Models;
using SplitInfer.Tensors;
using SplitInfer.Testing.Execution;
using SplitInfer.Testing.Wire;

namespace SplitInfer.IntegrationTests.Transport;

/// <summary>What a request costs the garbage collector, both ends together. Runs alone, since what other tests allocate would be counted.</summary>
[Collection(Name)]
[CollectionDefinition(Name, DisableParallelization = true)]
public class TransportAllocationTests
{
    private const string Name = "alone";
    private const int WarmUp = 3000, Batches = 5, Requests = 500;

    // The tensors and the reply are some 400 bytes. A message or a byte string for each request would be seen.
    private const long MostBytes = 700;

    public static TheoryData<string> Addresses => ["tcp://127.0.0.1:0", "ws://127.0.0.1:0", $"unix://{Path.GetTempPath()}{Path.GetRandomFileName()}"];

    [Theory]
    [MemberData(nameof(Addresses))]
    public async Task A_small_request_allocates_little_but_its_tensors(string address)
    {
        await using var server = ServerComposition.CreateFrameServer(new PlainModel(), CodecRegistry.Default, new(), TimeProvider.System, NullLogger.Instance);
        var bound = (await server.StartAsync([new Uri(address)], new KestrelHost()))[0];
        await using var transport = new RemoteTailTransport(bound, "model", "", WirePlan.Plan, CodecRegistry.Default, new(), TimeProvider.System);
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
            for (var i = 0; i < count; i++) (await transport.SendAsync(request)).Dispose();
        }
    }

    /// <summary>A model that allocates nothing but its output.</summary>
    private sealed class PlainModel : IModelRegistry, IServedModel
    {
        private static readonly TensorShape Shape = new(2);

        private readonly ScriptedRunner _runner = new(static (_, outputs, _) =>
        {
            outputs.Span[0] = TensorValue.Allocate(ElementType.Float32, Shape);
            return ValueTask.CompletedTask;
        });

        public string Name => "model";

        public string Version => "1";

        public PartitionPlan Plan => WirePlan.Plan;

        public ModelLease Open(in ModelClaim claim) => new((IServedModel)this);

        public ValueTask<SegmentLease> RentTailAsync(int partition, CancellationToken cancellationToken) => new(new SegmentLease(_runner));

        public void Dispose()
        {
        }
    }
}
