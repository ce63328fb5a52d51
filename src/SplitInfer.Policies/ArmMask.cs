using System.Collections.Immutable;

namespace SplitInfer.Policies;

/// <summary>
/// The cuts that have turned out to be unusable, such as those whose segments an engine cannot load, and the variants that servers lack. Policies do
/// not choose them. Cuts stay masked; a variant is masked until its server has it. Thread-safe.
/// </summary>
public sealed class ArmMask
{
    private const int AnyServer = int.MaxValue, AnyCut = -1;

    private ImmutableDictionary<(int Variant, int Cut, int Server), string> _reasons = ImmutableDictionary<(int Variant, int Cut, int Server), string>.Empty;
    private int _changes;

    /// <summary>How often the mask has changed. It is unchanged while the number is, read before the mask.</summary>
    public int Changes => Volatile.Read(ref _changes);

    /// <summary>Why cuts of variant 0 are masked, by partition, for whichever server.</summary>
    public IReadOnlyDictionary<int, string> Reasons
    {
        get
        {
            var byCut = ImmutableDictionary.CreateBuilder<int, string>();
            foreach (var (key, reason) in Volatile.Read(ref _reasons))
                if (key is { Variant: 0, Cut: not AnyCut }) byCut[key.Cut] = reason;
            return byCut.ToImmutable();
        }
    }

    /// <summary>Whether an arm is masked.</summary>
    public bool Contains(in Arm arm)
    {
        var reasons = Volatile.Read(ref _reasons);
        return reasons.Count > 0
            && (reasons.ContainsKey((arm.Variant, arm.Cut, AnyServer)) || reasons.ContainsKey((arm.Variant, arm.Cut, arm.Server)) || reasons.ContainsKey((arm.Variant, AnyCut, arm.Server)));
    }

    /// <summary>Masks a cut for all servers: the device cannot run its head.</summary>
    /// <param name="variant">The variant.</param>
    /// <param name="cut">The partition k.</param>
    /// <param name="reason">Why; for people.</param>
    /// <returns>Whether it was not masked before.</returns>
    public bool Add(int variant, int cut, string reason) => Add((variant, cut, AnyServer), reason);

    /// <summary>Masks a cut for one server: that server cannot run its tail.</summary>
    /// <param name="arm">An arm with that cut and server.</param>
    /// <param name="reason">Why; for people.</param>
    /// <returns>Whether it was not masked before.</returns>
    public bool AddForServer(in Arm arm, string reason) => Add((arm.Variant, arm.Cut, arm.Server), reason);

    /// <summary>Masks a variant for one server: that server does not have it.</summary>
    /// <param name="variant">The variant.</param>
    /// <param name="server">The server.</param>
    /// <param name="reason">Why; for people.</param>
    /// <returns>Whether it was not masked before.</returns>
    public bool AddVariant(int variant, int server, string reason) => Add((variant, AnyCut, server), reason);

    /// <summary>Takes a variant off that <see cref="AddVariant"/> has masked: the server has it now. Cuts of it that are masked stay so.</summary>
    /// <param name="variant">The variant.</param>
    /// <param name="server">The server.</param>
    /// <returns>Whether it was masked.</returns>
    public bool RemoveVariant(int variant, int server) => ImmutableInterlocked.TryRemove(ref _reasons, (variant, AnyCut, server), out _) && Count();

    private bool Add((int Variant, int Cut, int Server) key, string reason) => ImmutableInterlocked.TryAdd(ref _reasons, key, reason) && Count();

    // After the change, so that whoever has read the number before it looks again.
    private bool Count()
    {
        Interlocked.Increment(ref _changes);
        return true;
    }
}
