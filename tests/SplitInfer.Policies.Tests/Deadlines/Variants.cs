using System.Collections.Immutable;
using SplitInfer.Policies.Catalog;

namespace SplitInfer.Policies.Tests.Deadlines;

/// <summary>A few whole variants on one server, in the order in which they are given, and some of them on the device: small enough to reckon with by hand.</summary>
internal static class Variants
{
    /// <summary>What a policy is told of them.</summary>
    public static PolicySetup Setup(Hedge hedge, bool canRace, params ReadOnlySpan<Variant> variants)
    {
        var all = variants.ToArray();
        var heads = new HeadProfile([.. all.Select(static _ => (ImmutableArray<double>)[0, 1e8])]);
        var arms = new List<ArmDescription>();
        for (var v = 0; v < all.Length; v++)
        {
            heads.Record(v, 0, 0);
            heads.Record(v, 1, all[v].Device ?? 1);
            if (all[v].Tail is { } tail) arms.Add(Describe(new(arms.Count, v, 0, 0, 0, 0), all[v].Accuracy) with { TailSeconds = tail, EncodeSeconds = all[v].Encode });
        }

        foreach (var v in Enumerable.Range(0, all.Length).Where(v => all[v].Device is not null).OrderBy(v => all[v].Accuracy)) arms.Add(Describe(new(arms.Count, v, 1, 0, 0, Arm.OnDevice), all[v].Accuracy));
        return new() { Arms = [.. arms], Heads = heads, Hedge = hedge, CanRace = canRace };
    }

    public static IPartitionPolicy Policy(params ReadOnlySpan<Variant> variants) => PolicyCatalog.Create(PolicyNames.MuLinUcb, Setup(Hedge.WhenLate, true, variants));

    public static DecisionContext By(double seconds) => new() { Objective = Objective.MostAccurateBy, RemainingSeconds = seconds };

    /// <summary>A reply after so much on the link and on the server.</summary>
    public static Outcome Reply(in Decision decision, double link, double server, double encode = 0) => new()
    {
        Decision = decision, Server = ServerOutcome.Replied, HeadSeconds = 1e-6, EncodeSeconds = encode, OffloadSeconds = link + server, ServerSeconds = server, BytesSent = 1,
    };

    private static ArmDescription Describe(Arm arm, double accuracy) => new() { Arm = arm, PayloadBits = 8, Accuracy = accuracy, TailMacs = [arm.IsOnDevice ? 0 : 1e8], TailNodes = [arm.IsOnDevice ? 0 : 1] };
}

/// <summary>One of <see cref="Variants"/>.</summary>
/// <param name="Accuracy">0 to 1.</param>
/// <param name="Tail">What the server is told to take, s; null where it does not have it.</param>
/// <param name="Device">What the device takes, s; null where it does not have it.</param>
/// <param name="Encode">What encoding its input takes, s.</param>
internal sealed record Variant(double Accuracy, double? Tail, double? Device, double Encode = 0);
