using System.Collections.Immutable;

namespace SplitInfer.Policies;

/// <summary>
/// The cuts that have turned out to be unusable, such as those whose segments an engine cannot load. Policies do not choose them
/// again; entries are never removed. Thread-safe.
/// </summary>
public sealed class ArmMask
{
    private const int AnyServer = int.MaxValue;

    private ImmutableDictionary<(int Variant, int Cut, int Server), string> _reasons = ImmutableDictionary<(int Variant, int Cut, int Server), string>.Empty;

    /// <summary>The number of entries. It only grows, so that the mask is unchanged while the number is.</summary>
    public int Count => Volatile.Read(ref _reasons).Count;

    /// <summary>Why cuts of variant 0 are masked, by partition, for whichever server.</summary>
    public IReadOnlyDictionary<int, string> Reasons
    {
        get
        {
            var byCut = ImmutableDictionary.CreateBuilder<int, string>();
            foreach (var (key, reason) in Volatile.Read(ref _reasons))
                if (key.Variant == 0) byCut[key.Cut] = reason;
            return byCut.ToImmutable();
        }
    }

    /// <summary>Whether an arm is masked.</summary>
    public bool Contains(in Arm arm)
    {
        var reasons = Volatile.Read(ref _reasons);
        return reasons.Count > 0 && (reasons.ContainsKey((arm.Variant, arm.Cut, AnyServer)) || reasons.ContainsKey((arm.Variant, arm.Cut, arm.Server)));
    }

    /// <summary>Masks a cut for all servers: the device cannot run its head.</summary>
    /// <param name="variant">The variant.</param>
    /// <param name="cut">The partition k.</param>
    /// <param name="reason">Why; for people.</param>
    /// <returns>Whether it was not masked before.</returns>
    public bool Add(int variant, int cut, string reason) => ImmutableInterlocked.TryAdd(ref _reasons, (variant, cut, AnyServer), reason);

    /// <summary>Masks a cut for one server: that server cannot run its tail.</summary>
    /// <param name="arm">An arm with that cut and server.</param>
    /// <param name="reason">Why; for people.</param>
    /// <returns>Whether it was not masked before.</returns>
    public bool AddForServer(in Arm arm, string reason) => ImmutableInterlocked.TryAdd(ref _reasons, (arm.Variant, arm.Cut, arm.Server), reason);
}
