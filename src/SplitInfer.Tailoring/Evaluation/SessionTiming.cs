using SplitInfer.Execution;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Evaluation;

/// <summary>Takes the times of sessions in turn.</summary>
internal static class SessionTiming
{
    private const int WarmUpRuns = 3;

    /// <summary>The times of a run of each session.</summary>
    public static RunTime[] Of(IReadOnlyList<IEngineSession> sessions, Func<IEngineSession, TensorValue[]> inputs, EvaluationOptions options, CancellationToken cancellationToken)
    {
        var time = options.TimeProvider;
        var (tensors, seconds, spent) = (sessions.Select(inputs).ToArray(), sessions.Select(static _ => new List<double>()).ToArray(), new double[sessions.Count]);
        for (var i = 0; i < sessions.Count; i++)
            for (var run = 0; run < WarmUpRuns; run++) Run(sessions[i], tensors[i], cancellationToken);
        for (var round = 0; round < options.TimingRounds || spent.Any(s => s < options.TimingBudget.TotalSeconds); round++)
        {
            for (var i = 0; i < sessions.Count; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var start = time.GetTimestamp();
                Run(sessions[i], tensors[i], cancellationToken);
                seconds[i].Add(time.GetElapsedTime(start).TotalSeconds);
                spent[i] += seconds[i][^1];
            }
        }

        return [.. seconds.Select(RunTime.Of)];
    }

    private static void Run(IEngineSession session, TensorValue[] inputs, CancellationToken cancellationToken)
    {
        var outputs = new TensorValue[session.Outputs.Length];
        session.Run(inputs, outputs, cancellationToken);
        foreach (var output in outputs) output.Dispose();
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
