namespace SplitInfer.Server.Connections;

/// <summary>
/// Limits how often something is logged that a client can cause as often as it likes: for all machines together, and beyond that for a few messages of
/// each, so that a noisy one does not hide the others. Machines share the places of a small table, so that any number of them adds no more than one
/// message a second. Thread-safe.
/// </summary>
internal sealed class LogGate(TimeProvider time)
{
    private const double Burst = 10, PerSecond = 1;
    private const double BurstOfMachine = 3, PerSecondOfMachine = 1.0 / MachinePlaces;
    private const int MachinePlaces = 64;

    private readonly Lock _gate = new();
    private readonly Allowance[] _ofMachines = [.. Enumerable.Repeat(new Allowance(BurstOfMachine, time.GetTimestamp()), MachinePlaces)];
    private Allowance _ofAll = new(Burst, time.GetTimestamp());
    private long _leftOut;

    /// <summary>Whether a message may be written.</summary>
    /// <param name="machine">Who caused it.</param>
    /// <param name="leftOut">How many were not, since the last one that was.</param>
    public bool TryPass(ReadOnlySpan<char> machine, out long leftOut)
    {
        // The hash differs from process to process, so nobody can choose a place.
        var place = (uint)string.GetHashCode(machine) % MachinePlaces;
        lock (_gate)
        {
            var now = time.GetTimestamp();
            // Both count, so that a machine that is heard anyway has nothing left beyond.
            if (_ofMachines[place].TryTake(BurstOfMachine, PerSecondOfMachine, time, now) | _ofAll.TryTake(Burst, PerSecond, time, now))
            {
                (leftOut, _leftOut) = (_leftOut, 0);
                return true;
            }

            leftOut = ++_leftOut;
            return false;
        }
    }

    /// <summary>Messages that may be written now; more as time passes.</summary>
    private struct Allowance(double left, long filledAt)
    {
        private double _left = left;
        private long _filledAt = filledAt;

        public bool TryTake(double burst, double perSecond, TimeProvider time, long now)
        {
            _left = Math.Min(burst, _left + (time.GetElapsedTime(_filledAt, now).TotalSeconds * perSecond));
            _filledAt = now;
            if (_left < 1) return false;
            _left--;
            return true;
        }
    }
}
