using SplitInfer.Client.Device;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Attempts;

/// <summary>Brings a request that asks for every answer on the way to its cut, by way of the exits before it. Thread-safe.</summary>
/// <param name="variants">The models.</param>
/// <param name="time">The clock.</param>
internal sealed class Ascent(VariantSet variants, TimeProvider time)
{
    /// <summary>Does it, where there are such exits and the request asks for them.</summary>
    /// <returns>Whether the cut is reached, so that its head need not run. False as well where a part of the way cannot be loaded.</returns>
    public ValueTask<bool> TryReachAsync(Attempt attempt, CancellationToken stop) =>
        attempt is { Early: not null, Exits.Exits: { } exits } && exits.Behind(0) is > 0 and var exit && exits.PartitionOf(exit) < attempt.Cut.Partition.Index
            ? new(ReachAsync(attempt, exits, exit, stop)) : new(false);

    private async Task<bool> ReachAsync(Attempt attempt, DeviceExits exits, int exit, CancellationToken stop)
    {
        var (model, cut, timer) = (variants[attempt.Decision.Arm.Variant].Model, attempt.Cut.Partition.Index, new StageTimer(time));
        TensorValue[] held = [];
        try
        {
            for (var (at, next) = (model.Plan.AllOnServer.Index, exits.PartitionOf(exit)); ; (at, next) = (next, NextStop(exits, next, cut)))
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

    private static int NextStop(DeviceExits exits, int at, int cut) => exits.Behind(at) is > 0 and var exit ? Math.Min(exits.PartitionOf(exit), cut) : cut;
}
