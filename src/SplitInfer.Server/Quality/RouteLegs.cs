using System.Collections.Immutable;
using SplitInfer.Exits;
using SplitInfer.Partitioning;
using SplitInfer.Segments;

namespace SplitInfer.Server.Quality;

/// <summary>Finds the legs of routes through one model.</summary>
internal static class RouteLegs
{
    /// <summary>The exits that are of use: those that answer as the model would more often than every one before them. Another one takes longer and is right no more often.</summary>
    /// <returns>Their places among the exits.</returns>
    public static ImmutableArray<int> Useful(ModelExits exits)
    {
        var useful = ImmutableArray.CreateBuilder<int>();
        var best = -1.0;
        for (var i = 0; i < exits.Exits.Length; i++)
        {
            if (exits.Exits[i].Agreement <= best || exits.Exits[i].Agreement >= 1) continue;
            best = exits.Exits[i].Agreement;
            useful.Add(i);
        }

        return useful.ToImmutable();
    }

    /// <summary>The legs from a partition on.</summary>
    /// <param name="model">The model.</param>
    /// <param name="exits">Its exits.</param>
    /// <param name="from">The partition.</param>
    /// <param name="through">Places of the exits that the route goes by, none of which stands before the partition.</param>
    public static ImmutableArray<ExitLeg> Of(PartitionedModel model, ModelExits exits, int from, IReadOnlyList<int> through)
    {
        var legs = ImmutableArray.CreateBuilder<ExitLeg>(through.Count + 1);
        var held = NamesAt(model, from);
        foreach (var place in through)
        {
            var exit = exits.Exits[place];
            var next = NamesAt(model, exit.Partition);
            var head = new ExitHead(exits, exit);
            if (exit.Partition == from)
            {
                legs.Add(new(null, [], 0, [.. next.Select((_, i) => new HeldTensor(false, i))], head, place + 1));
                continue;
            }

            legs.Add(Leg(SegmentKey.Between(from, exit.Partition), model.Between(from, exit.Partition), held, next, head, place + 1));
            (from, held) = (exit.Partition, next);
        }

        legs.Add(Leg(new(SegmentSide.Tail, from), model.Tail(from), held, [.. model.Plan.Partitions[from].TailOutputs.Select(static output => output.Name)], head: null, number: 0));
        return legs.MoveToImmutable();
    }

    private static ExitLeg Leg(SegmentKey key, SegmentModel segment, string[] held, string[] next, ExitHead? head, int number)
    {
        string[] made = [.. segment.Outputs.Select(static output => output.Name)];
        return new(
            key, [.. segment.Inputs.Select(input => Array.IndexOf(held, input.Name))], made.Length,
            [.. next.Select(name => Array.IndexOf(made, name) is >= 0 and var place ? new HeldTensor(true, place) : new(false, Array.IndexOf(held, name)))], head, number);
    }

    private static string[] NamesAt(PartitionedModel model, int partition) => [.. model.Plan.Partitions[partition].Boundary.Select(static value => value.Name)];
}
