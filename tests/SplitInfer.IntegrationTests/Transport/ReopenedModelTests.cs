using Microsoft.Extensions.Logging.Abstractions;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Codecs.Raw;
using SplitInfer.Server;
using SplitInfer.Server.Connections;
using SplitInfer.Server.Models;
using SplitInfer.Tensors;
using SplitInfer.Testing.Wire;

namespace SplitInfer.IntegrationTests.Transport;

/// <summary>Models that a server loads again, as after a change of its settings: clients with the same file go over to the new one.</summary>
public sealed class ReopenedModelTests : IAsyncDisposable
{
    private const int Replacements = 40, Workers = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ModelRegistry _registry = new("1.0");
    private readonly FrameServer _server;
    private readonly RemoteTailTransport _transport;
    private VersionedModel _model = new("model", 7);
    private int _answers;

    public ReopenedModelTests()
    {
        _registry.Publish(_model);
        _server = ServerComposition.CreateFrameServer(_registry, CodecRegistry.Default, new() { MaxOpenModelsPerConnection = 1 }, TimeProvider.System, NullLogger.Instance);
        _transport = new(_server.Start([new Uri("tcp://127.0.0.1:0")])[0], "model", "", _model.Plan, CodecRegistry.Default, new(), TimeProvider.System);
    }

    [Fact]
    public async Task An_idle_client_gives_the_old_model_back_and_its_next_request_goes_to_the_new_one()
    {
        await AskAsync(1);
        for (var replacement = 0; replacement < 3; replacement++)
        {
            var old = Replace();
            Assert.True(SpinWait.SpinUntil(() => old.Disposals == 1, Patience));
            await AskAsync(replacement);
        }
    }

    [Fact]
    public async Task Under_load_no_request_fails_and_none_meets_a_model_that_has_ended()
    {
        var replaced = new List<VersionedModel>();
        using var stop = new CancellationTokenSource();
        var workers = Enumerable.Range(0, Workers).Select(seed => Task.Run(async () =>
        {
            var random = new Random(seed);
            while (!stop.IsCancellationRequested) await AskAsync(random.Next());
        })).ToArray();
        using var limit = new CancellationTokenSource(Patience);
        while (replaced.Count < Replacements && !workers.Any(static w => w.IsCompleted))
        {
            var before = Volatile.Read(ref _answers);
            replaced.Add(Replace());
            while (Volatile.Read(ref _answers) < before + 2 * Workers && !workers.Any(static w => w.IsCompleted)) await Task.Delay(1, limit.Token);
        }

        await stop.CancelAsync();
        await Task.WhenAll(workers);
        Assert.True(SpinWait.SpinUntil(() => replaced.All(static m => m.Disposals == 1), Patience));
        Assert.Equal(0, _model.Disposals);
    }

    public async ValueTask DisposeAsync()
    {
        await _transport.DisposeAsync();
        await _server.DisposeAsync();
        _registry.Dispose();
    }

    private VersionedModel Replace()
    {
        var old = _model;
        _registry.Publish(_model = new("model", 7));
        return old;
    }

    private async Task AskAsync(int seed)
    {
        var boundary = WirePlan.Boundary(WirePlan.Large, n: 3, seed);
        var request = new TailRequest
        {
            Partition = _model.Plan.Partitions[WirePlan.Large], Codec = new RawCodec(), Boundary = boundary,
            SymbolSizes = BoundaryLayout.For(_model.Plan.Partitions[WirePlan.Large].Boundary).Measure(boundary),
        };
        using var reply = await _transport.SendAsync(request);
        foreach (var (due, got) in _model.OutputsFor(WirePlan.Large, boundary).Zip(reply.Outputs)) Assert.True(due.Bytes.Span.SequenceEqual(got!.Bytes.Span));
        Interlocked.Increment(ref _answers);
    }
}
