using System.Security.Cryptography;

namespace SplitInfer.Dashboard.Hosting;

/// <summary>Stand in for keys that were shown, so that no cookie has a key. They are good for a day and as long as their key is. Thread-safe.</summary>
/// <param name="time">The clock.</param>
internal sealed class DashboardTickets(TimeProvider time)
{
    private const int Most = 256;

    private static readonly TimeSpan Life = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (string Key, long IssuedAt)> _tickets = new(StringComparer.Ordinal);

    /// <summary>A ticket for a key; the one that there is, or a new one.</summary>
    public string Issue(string key)
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            foreach (var (ticket, issued) in _tickets.ToArray())
            {
                if (time.GetElapsedTime(issued.IssuedAt, now) >= Life) _tickets.Remove(ticket);
                else if (issued.Key == key) return ticket;
            }

            if (_tickets.Count >= Most) _tickets.Remove(_tickets.MinBy(static one => one.Value.IssuedAt).Key);
            var made = Convert.ToHexString(RandomNumberGenerator.GetBytes(32));
            _tickets.Add(made, (key, now));
            return made;
        }
    }

    /// <summary>The key that a ticket stands for; null where it stands for none.</summary>
    public string? KeyOf(string ticket)
    {
        lock (_gate) return _tickets.TryGetValue(ticket, out var issued) && time.GetElapsedTime(issued.IssuedAt) < Life ? issued.Key : null;
    }
}
