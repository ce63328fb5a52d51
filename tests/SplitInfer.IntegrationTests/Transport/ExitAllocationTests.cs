using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Codecs.Raw;
using SplitInfer.IntegrationTests.EndToEnd;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.Transport;

/// <summary>What a request that allows exits costs the garbage collector beside one that does not. Runs alone, as <see cref="TransportAllocationTests"/> does.</summary>
[Collection("alone")]
public sealed class ExitAllocationTests : IDisposable
{
    private const int WarmUp = 1000, Batches = 5, Requests = 200;

    // A run of each segment beside the first allocates what any run does.
    private const long MostBytes = 400;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Exits_add_little_to_what_a_request_allocates()
    {
        var model = HandmadeExits.Model(_folder["model.onnx"]);
        await using var server = await HandmadeExits.ServeAsync([("exits", HandmadeExits.At(model, [HandmadeExits.Cuts(model).First()], answersAll: true))], model);
        await using var transport = new RemoteTailTransport(server.Endpoints[0], "exits", "", model.Plan, CodecRegistry.Default, new(), TimeProvider.System);
        var inputs = model.MakeInputs(seed: 1).ToArray();
        var (plain, early) = (await MeasureAsync(null), await MeasureAsync(0.5));
        Assert.InRange(early - plain, long.MinValue, MostBytes);
        foreach (var input in inputs) input.Dispose();

        async Task<long> MeasureAsync(double? quality)
        {
            var request = new TailRequest { Partition = model.Plan.AllOnServer, Codec = new RawCodec(), SymbolSizes = [], Boundary = inputs, MinQuality = quality };
            await SendAsync(request, quality, WarmUp);
            var least = long.MaxValue;
            for (var batch = 0; batch < Batches; batch++)
            {
                var before = GC.GetTotalAllocatedBytes(precise: true);
                await SendAsync(request, quality, Requests);
                least = Math.Min(least, (GC.GetTotalAllocatedBytes(precise: true) - before) / Requests);
            }

            return least;
        }

        async Task SendAsync(TailRequest request, double? quality, int count)
        {
            var early = 0;
            for (var i = 0; i < count; i++)
            {
                using var reply = await transport.SendAsync(request);
                early += reply.Exit;
            }

            // Now and then an idle server lets the model answer, to check what exits are worth.
            Assert.InRange(early, quality is null ? 0 : count * 9 / 10, quality is null ? 0 : count);
        }
    }
}
