using SplitInfer.Execution;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Evaluation;

/// <summary>Takes the times of sessions in turn.</summary>
internal static class SessionTiming
{
    private const int WarmUpRuns = 3;

    /// <summary>The median time of a run of each session, s.</summary>
    public static double[] Of(IReadOnlyList<IEngineSession> sessions, Func<IEngineSession, TensorValue[]> inputs, EvaluationOptions options, CancellationToken cancellationToken)
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

        return [.. seconds.Select(Median)];
    }

    private static void Run(IEngineSession session, TensorValue[] inputs, CancellationToken cancellationToken)
    {
        var outputs = new TensorValue[session.Outputs.Length];
        session.Run(inputs, outputs, cancellationToken);
        foreach (var output in outputs) output.Dispose();
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return (values[(values.Count - 1) / 2] + values[values.Count / 2]) / 2;
    }
}
