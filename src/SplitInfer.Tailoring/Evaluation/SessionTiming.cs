using SplitInfer.Execution;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Evaluation;

/// <summary>Takes the times of sessions in turn.</summary>
internal static class SessionTiming
{
    private const int WarmUpRuns = 3, LeastRuns = 3;

    // A model that is slow is stopped before it has all of its rounds.
    private const int MostBudgets = 4;

    /// <summary>
    /// The times of a run of each session. In every round each takes one turn that has not been timed as often and as long as it should; so a fast one runs on where a slow one
    /// has enough, and none is timed for much longer than <see cref="MostBudgets"/> budgets.
    /// </summary>
    public static RunTime[] Of(IReadOnlyList<IEngineSession> sessions, Func<IEngineSession, TensorValue[]> inputs, EvaluationOptions options, CancellationToken cancellationToken)
    {
        var time = options.TimeProvider;
        var (tensors, seconds, spent) = (sessions.Select(inputs).ToArray(), sessions.Select(static _ => new List<double>()).ToArray(), new double[sessions.Count]);
        for (var i = 0; i < sessions.Count; i++)
            for (var run = 0; run < WarmUpRuns; run++) Run(sessions[i], tensors[i], cancellationToken);
        for (var isDone = false; !isDone;)
        {
            isDone = true;
            for (var i = 0; i < sessions.Count; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (HasEnough(seconds[i].Count, spent[i], options)) continue;
                isDone = false;
                var start = time.GetTimestamp();
                Run(sessions[i], tensors[i], cancellationToken);
                seconds[i].Add(time.GetElapsedTime(start).TotalSeconds);
                spent[i] += seconds[i][^1];
            }
        }

        return [.. seconds.Select(RunTime.Of)];
    }

    private static bool HasEnough(int runs, double seconds, EvaluationOptions options)
    {
        var budget = options.TimingBudget.TotalSeconds;
        if (runs >= options.TimingRounds && seconds >= budget) return true;
        return runs >= LeastRuns && budget > 0 && seconds >= MostBudgets * budget;
    }

    private static void Run(IEngineSession session, TensorValue[] inputs, CancellationToken cancellationToken)
    {
        foreach (var output in SampleRuns.Run(session, inputs, cancellationToken)) output.Dispose();
    }
}

/// <summary>How long runs took.</summary>
/// <param name="Median">Half of them took at most so long, s.</param>
/// <param name="UpperQuartile">Three quarters of them, s.</param>
internal readonly record struct RunTime(double Median, double UpperQuartile)
{
    public static RunTime Of(List<double> seconds)
    {
        seconds.Sort();
        return new((seconds[(seconds.Count - 1) / 2] + seconds[seconds.Count / 2]) / 2, seconds[(seconds.Count - 1) * 3 / 4]);
    }
}
