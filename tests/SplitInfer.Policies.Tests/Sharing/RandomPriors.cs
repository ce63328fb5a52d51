using System.Collections.Immutable;
using SplitInfer.Policies.Sharing;

namespace SplitInfer.Policies.Tests.Sharing;

/// <summary>What devices of random numbers have learned of few quantities, so that they share some, or of many.</summary>
internal static class RandomPriors
{
    public static readonly KindQuantity Tail = new(KindQuantityType.Tail, Server: 7, Variant: 0, Cut: 3, Exit: 0);

    public static KindPrior Sum(int seed, int quantities = 12)
    {
        var random = new Random(seed);
        return Enumerable.Range(0, random.Next(0, 6)).Aggregate(KindPrior.Empty, (sum, _) => sum.Plus(Share(random, quantities)));
    }

    public static KindPrior Share(Random random, int quantities = 12)
    {
        var found = ImmutableSortedDictionary.CreateBuilder<KindQuantity, LogHistogram>();
        for (var i = random.Next(1, quantities + 1); i > 0; i--)
        {
            var quantity = new KindQuantity((KindQuantityType)random.Next(1, 6), (ulong)random.Next(2), 0, (ushort)random.Next(quantities), (ushort)random.Next(2));
            found[quantity] = LogHistogram.Of(random.NextDouble() * LogHistogram.Range);
        }

        return KindPrior.Empty.Plus(new(found.ToImmutable()));
    }

    /// <summary>A share that says one thing.</summary>
    public static KindPrior Saying(double log) => new(ImmutableSortedDictionary<KindQuantity, LogHistogram>.Empty.Add(Tail, LogHistogram.Of(log - Tail.Least)));
}
