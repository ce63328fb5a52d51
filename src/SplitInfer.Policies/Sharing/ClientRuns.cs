namespace SplitInfer.Policies.Sharing;

/// <summary>How long each client's requests ran lately, of those clients that took most. Not thread-safe; allocates for a new client only.</summary>
/// <param name="memory">How long requests count, s.</param>
internal sealed class ClientRuns(double memory)
{
    private const int MaxClients = 256;

    // Of clients that took less than this part of what one may, there is nothing to tell, and they take no part either.
    private const double LeastPart = 1e-3;

    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);
    private readonly (string Name, DiscountedSum Run)[] _clients = new (string, DiscountedSum)[MaxClients];

    /// <summary>A request of a client has run.</summary>
    /// <param name="client">Its name.</param>
    /// <param name="seconds">For how long, s.</param>
    /// <param name="now">The time, s.</param>
    public void Add(string client, double seconds, double now)
    {
        if (!_places.TryGetValue(client, out var place)) _places[client] = place = Take(client, now);
        _clients[place].Run.Add(seconds, now);
    }

    /// <summary>What clients took beyond what one may take who takes no more than one of them does, or than anybody's part.</summary>
    /// <param name="client">The one; need not be known.</param>
    /// <param name="shared">What all take together where none takes more than a part, s.</param>
    /// <param name="all">What there is to take, of which a part is at least what comes to each, s.</param>
    /// <param name="now">The time, s.</param>
    public double Beyond(string client, double shared, double all, double now)
    {
        var clients = _clients.AsSpan(0, _places.Count);
        var count = _places.ContainsKey(client) ? 0 : 1;
        foreach (var (_, run) in clients)
            if (run.At(now) > LeastPart * all) count++;
        var own = _places.TryGetValue(client, out var place) ? _clients[place].Run.At(now) : 0;
        var most = Math.Max(own, Math.Max(all / Math.Max(count, 1), Level(clients, shared, now)));
        var beyond = 0.0;
        foreach (var (_, run) in clients) beyond += Math.Max(0, run.At(now) - most);
        return beyond;
    }

    // The level above which each is cut so that together they take so much: rises from an equal part of it, as those below leave theirs to others.
    private static double Level(ReadOnlySpan<(string, DiscountedSum Run)> clients, double shared, double now)
    {
        var level = shared / Math.Max(clients.Length, 1);
        while (true)
        {
            var (below, above) = (0.0, 0);
            foreach (var (_, run) in clients)
            {
                if (run.At(now) > level) above++;
                else below += run.At(now);
            }

            if (above == 0) return double.PositiveInfinity;
            var next = (shared - below) / above;
            if (next <= level * (1 + 1e-9)) return level;
            level = next;
        }
    }

    // The one that took least makes room.
    private int Take(string client, double now)
    {
        var place = _places.Count;
        if (place == MaxClients)
        {
            place = 0;
            for (var i = 1; i < MaxClients; i++)
                if (_clients[i].Run.At(now) < _clients[place].Run.At(now)) place = i;
            _places.Remove(_clients[place].Name);
        }

        _clients[place] = (client, new(memory));
        return place;
    }
}
