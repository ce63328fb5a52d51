using System.Collections.Concurrent;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>A device that takes in virtual time what a test says.</summary>
internal sealed class ScriptedDevice(VirtualTime time)
{
    private readonly ConcurrentDictionary<Segment, DeviceAct> _acts = new();
    private readonly int[] _started = new int[Enum.GetValues<Segment>().Length];
    private readonly TaskCompletionSource _isLoadable = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _running;
    private int _cancelled;
    private int _loading;

    /// <summary>What it does with a segment. Heads and tails take 10 ms and the whole model 30 ms unless set.</summary>
    public DeviceAct this[Segment segment]
    {
        get => _acts.GetValueOrDefault(segment, new(TimeSpan.FromMilliseconds(segment == Segment.Whole ? 30 : 10)));
        set => _acts[segment] = value;
    }

    /// <summary>Runs that are under way.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>Runs that have ended because they were cancelled.</summary>
    public int Cancelled => Volatile.Read(ref _cancelled);

    /// <summary>Segments whose loading is under way.</summary>
    public int Loading => Volatile.Read(ref _loading);

    /// <summary>Whether it runs the other variant, whose results are those of the first with the opposite sign.</summary>
    public bool IsStandIn { get; init; }

    /// <summary>The segment whose loading takes until <see cref="FinishLoading"/>.</summary>
    public Segment? LoadsSlowly { get; init; }

    /// <summary>The segment that the engine refuses to load.</summary>
    public Segment? Refuses { get; init; }

    public int Started(Segment segment) => Volatile.Read(ref _started[(int)segment]);

    public void FinishLoading() => _isLoadable.TrySetResult();

    /// <summary>Loads a segment on the calling thread, as an engine does.</summary>
    public void Load(Segment segment)
    {
        Interlocked.Increment(ref _loading);
        try
        {
            if (segment == LoadsSlowly) _isLoadable.Task.Wait(StageSteps.FailureLimit);
            if (segment == Refuses) throw new ScriptedFault(Fault.DeviceFailed);
        }
        finally
        {
            Interlocked.Decrement(ref _loading);
        }
    }

    /// <summary>Runs a segment.</summary>
    /// <param name="segment">Which kind.</param>
    /// <param name="first">Its first stage.</param>
    /// <param name="last">The stage after its last one.</param>
    /// <param name="inputs">What it takes, read as late as can be.</param>
    /// <param name="stop">Ends the run.</param>
    public async Task<float[]> RunAsync(Segment segment, int first, int last, Func<float[]> inputs, CancellationToken stop)
    {
        var act = this[segment];
        // Whoever sees that it runs may move the clock to its end.
        var running = time.DelayAsync(act.Takes, stop);
        Interlocked.Increment(ref _running);
        Interlocked.Increment(ref _started[(int)segment]);
        try
        {
            await running.ConfigureAwait(false);
            return End();
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await time.DelayAsync(act.StopsIn, CancellationToken.None).ConfigureAwait(false);
            if (act.IsUnstoppable) return End();
            // An engine that is told to stop still reads its inputs up to the end of the node.
            inputs();
            Interlocked.Increment(ref _cancelled);
            throw new OperationCanceledException(stop);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }

        float[] End() => act.Fails ? throw new ScriptedFault(Fault.DeviceFailed) : [.. ThreeStages.Run(inputs(), first, last).Select(value => IsStandIn ? -value : value)];
    }
}
