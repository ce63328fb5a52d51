namespace SplitInfer.IntegrationTests.Architecture;

/// <summary>
/// What rooms may use. The lists of exceptions may only shrink: an entry that no longer occurs is a failure, too.
/// </summary>
internal sealed class RoomRules
{
    /// <summary>What each room may use; it may also use what those may use, and nothing else.</summary>
    public required IReadOnlyDictionary<string, string[]> Allowed { get; init; }

    /// <summary>Rooms that have a rule already, though nothing lies in them yet.</summary>
    public IReadOnlyCollection<string> Planned { get; init; } = [];

    /// <summary>Dependencies in a wrong direction that are still there, as <c>A → B</c>.</summary>
    public IReadOnlyCollection<string> KnownViolations { get; init; } = [];

    /// <summary>Sets of rooms that still depend on each other in a loop.</summary>
    public IReadOnlyCollection<string[]> KnownCycles { get; init; } = [];

    /// <summary>Everything in which a graph breaks the rules, each in a sentence; empty where it keeps them.</summary>
    public IEnumerable<string> Failures(RoomGraph graph)
    {
        var (rooms, found, cycles) = (graph.Rooms.ToHashSet(), new HashSet<string>(), graph.Cycles());
        foreach (var room in Allowed.Keys.Where(room => MayUse(room).Contains(room)))
            yield return $"The rules let {room} use itself in a loop.";
        foreach (var room in Allowed.Values.SelectMany(static used => used).Concat(Planned).Distinct().Where(room => !Allowed.ContainsKey(room)))
            yield return $"The rules name {room}, which has no rule.";
        foreach (var room in rooms.Where(room => !Allowed.ContainsKey(room))) yield return $"{room} has no rule: say what it may use.";
        foreach (var room in rooms.Where(Planned.Contains)) yield return $"{room} is there: take it off the list of planned rooms.";
        foreach (var room in Allowed.Keys.Where(room => !rooms.Contains(room) && !Planned.Contains(room))) yield return $"{room} has a rule, but no file: remove the rule.";

        foreach (var (from, to, file) in graph.Edges.Where(edge => !MayUse(edge.From).Contains(edge.To)))
        {
            var violation = $"{from} → {to}";
            found.Add(violation);
            if (!KnownViolations.Contains(violation)) yield return $"{from} must not use {to}, as {file} does.";
        }

        foreach (var known in KnownViolations.Where(known => !found.Contains(known)))
            yield return $"{known} no longer occurs: take it off the list of known violations.";

        foreach (var cycle in cycles.Where(cycle => !KnownCycles.Any(known => cycle.All(known.Contains))))
            yield return $"These depend on each other in a loop: {string.Join(", ", cycle)}.";
        foreach (var room in KnownCycles.SelectMany(static known => known).Where(room => !cycles.Any(cycle => cycle.Contains(room))))
            yield return $"{room} is in no cycle any more: take it off the list of known cycles.";
    }

    private HashSet<string> MayUse(string room) => RoomGraph.ReachedFrom(room, used => Allowed.GetValueOrDefault(used, []));
}
