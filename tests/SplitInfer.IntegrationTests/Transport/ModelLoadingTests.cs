using Microsoft.Extensions.Logging.Abstractions;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Segments;
using SplitInfer.Server;
using SplitInfer.Server.Models;
using SplitInfer.Testing.Execution;
using SplitInfer.Testing.Wire;

namespace SplitInfer.IntegrationTests.Transport;

/// <summary>Models whose tails are kept in one residency and run in one place.</summary>
public sealed class ModelLoadingTests : IDisposable
{
    private readonly SegmentResidency _residency = new(long.MaxValue);
    private readonly ModelRegistry _registry = new("1.0");
    private readonly TaskCompletionSource _loading = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _mayLoad = new();

    [Fact]
    public async Task A_model_whose_tail_loads_delays_no_other()
    {
        Publish("loaded", static () => { });
        Publish("loading", () =>
        {
            _loading.SetResult();
            _mayLoad.Wait();
        });
        await using var server = ServerComposition.CreateFrameServer(_registry, CodecRegistry.Default, new() { MaxConcurrentRuns = 1, MaxQueuedRuns = 0 }, TimeProvider.System, NullLogger.Instance);
        var address = server.Start([new Uri("tcp://127.0.0.1:0")])[0];
        await using var first = TransportTo(address, "loaded");
        await using var second = TransportTo(address, "loading");
        await new Exchange(WirePlan.Fixed, seed: 1).MakeAsync(first);

        var waiting = new Exchange(WirePlan.Fixed, seed: 2).MakeAsync(second);
        await _loading.Task;
        for (var seed = 3; seed < 20; seed++) await new Exchange(WirePlan.Fixed, seed).MakeAsync(first);

        Assert.False(waiting.IsCompleted);
        _mayLoad.Set();
        await waiting;
    }

    public void Dispose()
    {
        _registry.Dispose();
        _mayLoad.Dispose();
    }

    private static RemoteTailTransport TransportTo(Uri address, string model) => new(address, model, "", WirePlan.Plan, CodecRegistry.Default, new(), TimeProvider.System);

    private void Publish(string name, Action load) => _registry.Publish(new ServedModel(name, "1", WirePlan.Plan, _residency.Open(new Compiler(load))));

    /// <summary>Compiles tails that yield what <see cref="DigestModel"/> does.</summary>
    private sealed class Compiler(Action load) : ISegmentCompiler
    {
        public long SharedBytes => 0;

        public CompiledSegment Compile(SegmentKey key)
        {
            load();
            var runner = new ScriptedRunner((boundary, outputs, _) =>
            {
                DigestModel.OutputsFor(key.Partition, boundary.Span).CopyTo(outputs);
                return ValueTask.CompletedTask;
            });
            return new(runner, ExclusiveBytes: 1, Shared: null);
        }

        public void Dispose()
        {
        }
    }
}
