namespace SplitInfer.IntegrationTests.Architecture;

/// <summary>
/// Which room depends on which. A room is a first folder of a project, with all below it, or the project's own folder. It depends
/// on another where one of its files names a namespace or a type of that room: in a <c>using</c>, by a name qualified fully or in
/// part, or without either where only the file's own namespace or an outer one declares the type.
/// </summary>
internal sealed class RoomGraph
{
    private readonly SortedDictionary<string, SortedDictionary<string, string>> _uses = new(StringComparer.Ordinal);

    public RoomGraph(IReadOnlyList<SourceFile> files)
    {
        var homes = files.GroupBy(static f => f.Namespace).ToDictionary(static g => g.Key, static g => g.MinBy(static f => f.Path.Count('/'))!.Room);
        var declaring = files.SelectMany(static f => f.Types.Select(type => (Type: type, f.Namespace))).ToLookup(static d => d.Type, static d => d.Namespace);
        foreach (var file in files)
        {
            _uses.TryAdd(file.Room, new(StringComparer.Ordinal));
            foreach (var used in Namespaces(file, homes, declaring))
                if (homes[used] != file.Room) _uses[file.Room].TryAdd(homes[used], file.Path);
        }
    }

    /// <summary>All rooms, by name.</summary>
    public IEnumerable<string> Rooms => _uses.Keys;

    /// <summary>Every dependency, and a file that shows it.</summary>
    public IEnumerable<(string From, string To, string File)> Edges =>
        _uses.SelectMany(static from => from.Value.Select(to => (from.Key, to.Key, to.Value)));

    /// <summary>The largest sets of rooms of which each depends on each other one, directly or not, by name (Tarjan's algorithm).</summary>
    public IReadOnlyList<string[]> Cycles()
    {
        var (order, low, stack, cycles) = (new Dictionary<string, int>(), new Dictionary<string, int>(), new Stack<string>(), new List<string[]>());
        foreach (var room in Rooms)
            if (!order.ContainsKey(room)) Visit(room);
        return cycles;

        void Visit(string room)
        {
            order[room] = low[room] = order.Count;
            stack.Push(room);
            foreach (var used in _uses[room].Keys)
            {
                if (!order.ContainsKey(used)) Visit(used);
                if (stack.Contains(used)) low[room] = Math.Min(low[room], low[used]);
            }

            if (low[room] != order[room]) return;
            var part = new List<string>();
            do part.Add(stack.Pop());
            while (part[^1] != room);
            if (part.Count > 1) cycles.Add([.. part.Order(StringComparer.Ordinal)]);
        }
    }

    /// <summary>The fewest dependencies from which all others follow, unless there are cycles: then as few as suffice.</summary>
    public IEnumerable<(string From, string To)> Reduced()
    {
        var kept = _uses.ToDictionary(static from => from.Key, static from => from.Value.Keys.ToHashSet());
        foreach (var (from, to, _) in Edges)
        {
            kept[from].Remove(to);
            if (!ReachedFrom(from, room => kept[room]).Contains(to)) kept[from].Add(to);
        }

        return Edges.Where(edge => kept[edge.From].Contains(edge.To)).Select(static edge => (edge.From, edge.To));
    }

    /// <summary>Everything that can be reached from a room, which itself is among it only if it lies on a cycle.</summary>
    public static HashSet<string> ReachedFrom(string start, Func<string, IEnumerable<string>> next)
    {
        var (reached, open) = (new HashSet<string>(), new Stack<string>([start]));
        while (open.TryPop(out var room))
            foreach (var other in next(room))
                if (reached.Add(other)) open.Push(other);
        return reached;
    }

    private static IEnumerable<string> Namespaces(SourceFile file, Dictionary<string, string> homes, ILookup<string, string> declaring)
    {
        foreach (var name in file.Usings)
            if (Innermost(name, homes) is { Length: > 0 } space) yield return space;
        foreach (var name in file.DottedNames)
            foreach (var full in file.Around.Select(around => $"{around}.{name}").Append(name))
                if (Innermost(SourceFile.Parent(full), homes) is { Length: > 0 } space && space.Length > full.Length - name.Length
                    && declaring[full[(space.Length + 1)..].Split('.')[0]].Contains(space)) yield return space;
        foreach (var around in file.Around.Where(homes.ContainsKey))
            if (file.Words.Any(word => declaring[word].Any() && declaring[word].All(space => space == around))) yield return around;
    }

    // The longest prefix that is a namespace; of nested names the rest is a type.
    private static string Innermost(string name, Dictionary<string, string> homes)
    {
        for (var space = name; space.Contains('.'); space = SourceFile.Parent(space))
            if (homes.ContainsKey(space)) return space;
        return "";
    }
}
