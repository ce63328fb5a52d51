using Microsoft.AspNetCore.Connections;
using SplitInfer.AspNetCore.Hosting;

namespace SplitInfer.AspNetCore.Http;

/// <summary>Counts the connections of an HTTP listener by machine, and ends at once those over the limit. Thread-safe.</summary>
/// <param name="maxPerMachine">Connections at a time from one machine.</param>
internal sealed class HttpConnections(int maxPerMachine)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _machines = new(StringComparer.Ordinal);

    /// <summary>Counts a connection until it has ended, or ends it.</summary>
    public async Task TrackAsync(ConnectionContext connection, Func<Task> next)
    {
        var machine = KestrelApplication.PeerOf(connection).Machine;
        if (!TryEnter(machine))
        {
            connection.Abort(new ConnectionAbortedException("Its machine has as many connections as it may."));
            return;
        }

        try
        {
            await next().ConfigureAwait(false);
        }
        finally
        {
            Leave(machine);
        }
    }

    private bool TryEnter(string machine)
    {
        lock (_gate)
        {
            var count = _machines.GetValueOrDefault(machine);
            if (count >= maxPerMachine) return false;
            _machines[machine] = count + 1;
            return true;
        }
    }

    private void Leave(string machine)
    {
        lock (_gate)
        {
            if (--_machines[machine] == 0) _machines.Remove(machine);
        }
    }
}
