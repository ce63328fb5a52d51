namespace SplitInfer.Server.Scheduling;

/// <summary>
/// What is remembered of members of <see cref="Turns{T}"/> that have nothing waiting now: by how much others were served before them, so that they come back no further behind, and until when they have had
/// their part, where a run took more than was thought, so that they come back no sooner. Not thread-safe.
/// </summary>
internal sealed class AbsentMembers<TKey>
    where TKey : notnull
{
    private const int Most = 256;

    // The rest is rounding.
    private const double Least = 1e-9;

    private readonly Dictionary<TKey, Balance> _members = [];

    /// <summary>A member goes that others were served before.</summary>
    /// <param name="member">The member.</param>
    /// <param name="overtaken">By how much, s.</param>
    public void Note(TKey member, double overtaken)
    {
        if (overtaken > Least) Keep(member, new(overtaken, 0));
    }

    /// <summary>The last run of a member that has gone took more than was thought, or less, for which it has nothing.</summary>
    /// <param name="member">The member.</param>
    /// <param name="turn">When its turn was over, in the virtual time.</param>
    /// <param name="more">How much more, s.</param>
    /// <param name="now">The virtual time.</param>
    public void Settle(TKey member, double turn, double more, double now)
    {
        if (more <= 0) return;
        var overtaken = _members.TryGetValue(member, out var known) ? known.Overtaken - more : -more;
        // Turns of before all members were gone may be later than any of now.
        var servedUntil = Math.Max(known.ServedUntil, Math.Min(turn, now)) + more;
        if (overtaken > Least) _members[member] = known with { Overtaken = overtaken };
        else if (servedUntil > now + Least) Keep(member, new(0, servedUntil));
        else _members.Remove(member);
    }

    /// <summary>A member comes back.</summary>
    /// <param name="member">The member.</param>
    /// <param name="now">The virtual time.</param>
    /// <returns>By how much its turn is later than that of one who was never here, s; below 0 where it is sooner.</returns>
    public double Take(TKey member, double now)
    {
        var later = LookAt(member, now);
        _members.Remove(member);
        return later;
    }

    /// <summary>What <see cref="Take"/> would say of a member, which stays absent.</summary>
    public double LookAt(TKey member, double now) => !_members.TryGetValue(member, out var known) ? 0 : known.Overtaken > 0 ? -known.Overtaken : Math.Max(0, known.ServedUntil - now);

    private void Keep(TKey member, Balance balance)
    {
        // Any of them: it then comes back as one that was never here does.
        if (_members.Count == Most && !_members.ContainsKey(member)) _members.Remove(_members.Keys.First());
        _members[member] = balance;
    }

    private readonly record struct Balance(double Overtaken, double ServedUntil);
}
