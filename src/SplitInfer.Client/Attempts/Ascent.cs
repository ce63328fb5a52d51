using SplitInfer.Client.Device;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Attempts;

/// <summary>Brings a request that <see cref="Attempt.GoesByExits"/> to its cut, by way of the exits before it. Thread-safe.</summary>
/// <param name="variants">The models.</param>
/// <param name="time">The clock.</param>
internal sealed class Ascent(VariantSet variants, TimeProvider time)
{
    /// <summary>Does it, where there are such exits. An exit on the input is asked as well.</summary>
    /// <returns>Whether the cut is reached, so that its head need not run. False as well where a part of the way cannot be loaded.</returns>
    public ValueTask<bool> TryReachAsync(Attempt attempt, CancellationToken stop) =>
        attempt is { GoesByExits: true, IsAnytime: true, Exits.Exits: { } exits } && Start(attempt) < attempt.Cut.Partition.Index && exits.PartitionOf(1) < attempt.Cut.Partition.Index
            ? new(ReachAsync(attempt, exits, stop)) : new(false);

    // Whoever asks for all answers waits until the way is loaded; with no time for the whole model there is none for that.
    private bool IsOpen(Attempt attempt, DeviceExits exits)
    {
        if (attempt.Early is not null) return true;
        var (isLoaded, cut) = (true, attempt.Cut.Partition.Index);
        for (var at = Start(attempt); at < cut;)
        {
            var next = NextStop(exits, at, cut);
            var step = ModelOf(attempt).Step(at, next);
            if (!step.IsReady) step.LoadSoon();
            (at, isLoaded) = (next, isLoaded && step.IsReady);
        }

        return isLoaded;
    }

    private async Task<bool> ReachAsync(Attempt attempt, DeviceExits exits, CancellationToken stop)
    {
        var (model, cut, timer, start) = (ModelOf(attempt), attempt.Cut.Partition.Index, new StageTimer(time), Start(attempt));
        TensorValue[] held = [];
        try
        {
            if (exits.On(start) > 0)
            {
                TensorValue[] given = [.. model[start].Route.Boundary.Select(source => attempt.Inputs.Span[source.Index])];
                if (attempt.Exits.Ask(start, given, isOfArm: false) is { } atOnce) await attempt.OfferAsync(atOnce, stop).ConfigureAwait(false);
            }

            if (NextStop(exits, start, cut) == cut || !IsOpen(attempt, exits)) return false;
            for (var (at, next) = (start, NextStop(exits, start, cut)); ; (at, next) = (next, NextStop(exits, next, cut)))
            {
                var reached = await model.Step(at, next).RunAsync(held.Length > 0 ? held : attempt.Inputs, timer.StartNew(), stop).ConfigureAwait(false);
                foreach (var tensor in held) tensor.Dispose();
                held = reached;
                if (next == cut) break;
                if (attempt.Exits.Ask(next, held, isOfArm: false) is { } answer) await attempt.OfferAsync(answer, stop).ConfigureAwait(false);
            }

            attempt.Arrive(held);
            held = [];
            return true;
        }
        catch (SegmentLoadException)
        {
            // The engine may refuse the way between two cuts though it takes the head of either.
            return false;
        }
        finally
        {
            foreach (var tensor in held) tensor.Dispose();
        }
    }

    private LocalModel ModelOf(Attempt attempt) => variants[attempt.Decision.Arm.Variant].Model;

    private int Start(Attempt attempt) => ModelOf(attempt).Plan.AllOnServer.Index;

    private static int NextStop(DeviceExits exits, int at, int cut) => exits.Behind(at) is > 0 and var exit ? Math.Min(exits.PartitionOf(exit), cut) : cut;
}
