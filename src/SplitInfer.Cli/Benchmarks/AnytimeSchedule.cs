using SplitInfer.Emulation;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>What a link, or the server behind it, does for some requests.</summary>
internal enum AnytimeFault
{
    /// <summary>A fast link.</summary>
    Fast,

    /// <summary>A slow link.</summary>
    Slow,

    /// <summary>Nothing passes.</summary>
    Silent,

    /// <summary>The bandwidth is next to nothing.</summary>
    Collapsed,

    /// <summary>The process of the server stands still.</summary>
    Paused,

    /// <summary>The process of the server is dead; it is started again when this is over.</summary>
    Killed,

    /// <summary>Connections are cut now and then; others can be made at once.</summary>
    Cut,
}

/// <summary>One request of a schedule.</summary>
/// <param name="Sample">The sample.</param>
/// <param name="Fault">What is the matter at its end.</param>
/// <param name="Begins">Whether that begins while it runs.</param>
/// <param name="Cuts">Whether its connection is cut.</param>
/// <param name="At">When either happens, as a part of the deadline.</param>
internal sealed record AnytimeSlot(int Sample, AnytimeFault Fault, bool Begins, bool Cuts, double At)
{
    // One request in so many has its connection cut where connections are.
    private const int CutEvery = 4;

    /// <summary>What faults are drawn from, one after the other in any order, then again: as often good links as anything that is the matter.</summary>
    private static readonly AnytimeFault[] Round =
    [
        AnytimeFault.Fast, AnytimeFault.Fast, AnytimeFault.Fast, AnytimeFault.Slow, AnytimeFault.Slow, AnytimeFault.Silent, AnytimeFault.Collapsed, AnytimeFault.Paused, AnytimeFault.Killed, AnytimeFault.Cut,
    ];

    /// <summary>What the link is like.</summary>
    public static LinkConditions LinkIn(AnytimeFault fault) => fault switch
    {
        AnytimeFault.Slow => new(4, TimeSpan.FromMilliseconds(40)),
        AnytimeFault.Collapsed => new(0.02, TimeSpan.FromMilliseconds(40)),
        _ => new(100, TimeSpan.FromMilliseconds(5)),
    };

    /// <summary>Whether no reply can come.</summary>
    public static bool IsDark(AnytimeFault fault) => fault is AnytimeFault.Silent or AnytimeFault.Paused or AnytimeFault.Killed;

    /// <summary>Draws requests. The same seed gives the same ones.</summary>
    /// <param name="requests">How many.</param>
    /// <param name="samples">How many samples there are.</param>
    /// <param name="stretch">How many requests a fault lasts in the mean.</param>
    /// <param name="seed">The seed.</param>
    public static IReadOnlyList<AnytimeSlot> Draw(int requests, int samples, int stretch, int seed)
    {
        var (random, slots, bag) = (new Random(seed), new List<AnytimeSlot>(), new Queue<AnytimeFault>());
        while (slots.Count < requests)
        {
            if (bag.Count == 0)
            {
                var round = (AnytimeFault[])Round.Clone();
                random.Shuffle(round);
                bag = new(round);
            }

            var (fault, length) = (bag.Dequeue(), Math.Max(1, (stretch / 2) + random.Next(stretch + 1)));
            for (var i = 0; i < length && slots.Count < requests; i++)
                slots.Add(new(random.Next(samples), fault, Begins: i == 0, Cuts: fault == AnytimeFault.Cut && (i == 0 || random.Next(CutEvery) == 0), random.NextDouble()));
        }

        return slots;
    }
}
