namespace SplitInfer.Server.Scheduling;

/// <summary>
/// How much may wait, so that the time in the queue is bounded and not only its length. Not thread-safe.
/// <code>
/// counted   c = clamp(r / R, 1/4, 4)           a job, in mean runs: r is what its run is expected to take, R the mean of all runs
/// admitted  Σc ≤ f · N                         beside the count of jobs that the server is set to
///           N = max(16, places, W · places / R) with W = 4 ms
/// target    T = N · R / places                 how long a job then waits at most
/// adapted   f ← max(1/8, f · T / m)            where the median wait m of N jobs that began to run was over 1.5 T
///           f ← min(1, f + 1/8)                where it was not
/// </code>
/// With random arrivals at 80 % of what the server can do, one job in a thousand finds 16 that wait; at twice as much as it can do, jobs wait for 16
/// runs rather than for 11, the 99th percentile at 80 %. To refuse a job takes as much as a run of 0.1 ms, so that of such runs as many wait as
/// take W. R follows the runs, so the target does; f corrects it where jobs wait longer than runs
/// explain, as on a machine that has other things to do.
/// </summary>
/// <param name="places">Jobs that run at a time.</param>
/// <param name="maxJobs">Jobs that may wait, however short their runs are.</param>
internal sealed class QueueLimit(int places, int maxJobs)
{
    /// <summary>What a job counts at least.</summary>
    public const double LeastCounted = 0.25;

    private const double LeastRuns = 16, MostCounted = 4, LeastFactor = 1.0 / 8, Growth = 1.0 / 8, Tolerance = 1.5;

    // Waits shorter than this come of threads being woken, not of jobs that are in each other's way, s.
    private const double LeastTarget = 0.01;

    // What jobs may wait in any case, s.
    private const double LeastWait = 0.004;

    private readonly double[] _waits = new double[(int)Math.Max(LeastRuns, Math.Min(places, 1024))];
    private int _waitCount;
    private double _fullRuns = Math.Max(LeastRuns, places);

    /// <summary>The share of the full limit that holds now.</summary>
    public double Factor { get; private set; } = 1;

    /// <summary>Mean runs that may wait now.</summary>
    public double Runs => Factor * _fullRuns;

    /// <summary>What is shared out, in mean runs.</summary>
    public double Whole => Math.Min(maxJobs, Runs);

    /// <summary>What each job that waits counts at least: so much that as many as may wait at all are what may wait, and whoever fills all places to wait is over its share where somebody else comes.</summary>
    // A little less, so that what rounding adds up keeps none out.
    public double LeastOfEach => (1 - 1e-9) * Math.Min(1, _fullRuns / Math.Max(1, maxJobs));

    /// <summary>What a job counts, in mean runs.</summary>
    /// <param name="expected">What its run is expected to take, s; 0 where that is not known.</param>
    /// <param name="mean">The mean of all runs, s; 0 before the first.</param>
    public static double Count(double expected, double mean) => expected > 0 && mean > 0 ? Math.Clamp(expected / mean, LeastCounted, MostCounted) : 1;

    /// <summary>Whether there is room for a job.</summary>
    /// <param name="counted">What it counts.</param>
    /// <param name="waiting">What those count that wait.</param>
    /// <param name="jobs">How many those are.</param>
    /// <param name="free">Places to run that are free, each of which takes one.</param>
    // The first job may wait whatever it counts, or a long one would never run.
    public bool HasRoom(double counted, double waiting, int jobs, int free) =>
        jobs < (long)maxJobs + free && (jobs <= free || waiting + counted <= Runs + free);

    /// <summary>How long a job is to wait at most, s.</summary>
    public double Target(double mean) => Math.Max(LeastTarget, FullRunsOf(mean) * mean / places);

    /// <summary>A job began to run.</summary>
    /// <param name="waited">How long it had waited for its place, s; 0 where one was free.</param>
    /// <param name="mean">The mean of all runs, s.</param>
    public void Record(double waited, double mean)
    {
        _fullRuns = FullRunsOf(mean);
        _waits[_waitCount++] = waited;
        if (_waitCount < _waits.Length) return;
        _waitCount = 0;
        Array.Sort(_waits);
        var (median, target) = (_waits[_waits.Length / 2], Target(mean));
        Factor = median > Tolerance * target ? Math.Max(LeastFactor, Factor * target / median) : Math.Min(1, Factor + Growth);
    }

    private double FullRunsOf(double mean) => Math.Max(Math.Max(LeastRuns, places), mean > 0 ? LeastWait * places / mean : 0);
}
