using System.Collections.Concurrent;
using System.Threading.Channels;
using SplitInfer.Client.Streams;
using SplitInfer.Client.Tests.Attempts;
using SplitInfer.Policies.Streams;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Tests.Streams;

/// <summary>What a stream yielded for one frame.</summary>
internal sealed record Yielded(long Frame, StreamFate Outcome, float[]? Outputs, TimeSpan Latency, int InFlight, Exception? Failure, Exception? ServerFailure);

/// <summary>A stream through a client with a scripted device and a scripted server, from a source that a test feeds.</summary>
internal sealed class StreamStage : IAsyncDisposable
{
    private readonly Channel<ReadOnlyMemory<TensorValue>> _source = Channel.CreateUnbounded<ReadOnlyMemory<TensorValue>>();
    private readonly ConcurrentQueue<Yielded> _yielded = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _takes = new(0);
    private int _fed;
    private int _pulled;

    private StreamStage(StageUnderTest stage, Func<int, Choice> choose) => (Stage, Routes) = (stage, new(choose, stage.ArmFor));

    public StageUnderTest Stage { get; }

    public ScriptedRoutes Routes { get; }

    /// <summary>Frames that the source was asked for and has given.</summary>
    public int Pulled => Volatile.Read(ref _pulled);

    public IReadOnlyList<Yielded> Yielded => [.. _yielded];

    /// <summary>Ends with the enumeration.</summary>
    public Task Consumed { get; private set; } = Task.CompletedTask;

    /// <summary>Makes one and begins to take results.</summary>
    /// <param name="choose">The route of each frame that begins.</param>
    /// <param name="options">How.</param>
    /// <param name="stage">The client; one with a device, a server that never answers, and all loaded unless given.</param>
    /// <param name="take">How many results are taken before the loop is left; all unless given.</param>
    /// <param name="isSlow">Whether each result is taken only when <see cref="Take"/> says so.</param>
    public static async Task<StreamStage> StartAsync(Func<int, Choice> choose, StreamOptions? options = null, StageUnderTest? stage = null, int take = int.MaxValue, bool isSlow = false)
    {
        var started = new StreamStage(stage ?? await StageUnderTest.StartAsync(), choose);
        started.Consumed = Task.Run(() => started.ConsumeAsync(options ?? new(), take, isSlow));
        return started;
    }

    /// <summary>The source yields some frames.</summary>
    public void Feed(int count)
    {
        for (; count > 0; count--) _source.Writer.TryWrite(new[] { Stage.Tensors.Make(ThreeStages.Input(_fed++)) });
    }

    /// <summary>The source ends, with an error or without.</summary>
    public void End(Exception? error = null) => _source.Writer.Complete(error);

    /// <summary>Lets so many more results be taken.</summary>
    public void Take(int count) => _takes.Release(count);

    public void Cancel() => _stop.Cancel();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Consumed.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (_source.Reader.TryRead(out var left)) left.Span[0].Dispose();
        await Stage.DisposeAsync();
        _stop.Dispose();
        _takes.Dispose();
    }

    private async Task ConsumeAsync(StreamOptions options, int take, bool isSlow)
    {
        await using var run = new StreamRun(new ClientFrames(Stage.Client), Routes, options, Stage.Time, _stop.Token);
        run.Begin(SourceAsync(_stop.Token));
        for (var taken = 0; taken < take; taken++)
        {
            if (isSlow) await _takes.WaitAsync(_stop.Token);
            if (await run.NextAsync() is not { } result) break;
            using (result)
            {
                // As its owner may from now on.
                var input = result.Inputs.Span[0];
                input.Span<float>().Fill(float.NaN);
                input.Dispose();
                _yielded.Enqueue(new(result.Frame, result.Outcome, result.Result?.Outputs[0].Span<float>().ToArray(), result.Latency, result.InFlight, result.Failure, result.Result?.ServerFailure));
            }
        }
    }

    private async IAsyncEnumerable<ReadOnlyMemory<TensorValue>> SourceAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
        await foreach (var frame in _source.Reader.ReadAllAsync(stop))
        {
            Interlocked.Increment(ref _pulled);
            yield return frame;
        }
    }
}
