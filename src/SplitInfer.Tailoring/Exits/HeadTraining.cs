using System.Collections.Immutable;
using SplitInfer.Exits;
using SplitInfer.Partitioning;

namespace SplitInfer.Tailoring.Exits;

/// <summary>Teaches heads what the model answers. Of several temperatures and penalties those are taken whose head fits the samples for calibration best.</summary>
internal static class HeadTraining
{
    // How far above the mean the model's highest logit may lie. What is softer tells more of the classes that are not the answer, and so of more samples than there are
    // (Hinton, Vinyals and Dean, Distilling the Knowledge in a Neural Network, 2015).
    private static readonly double[] Leads = [10, 3];

    // From the strongest to the weakest, each begun where the one before ended.
    private static readonly double[] Penalties = [1e-1, 3e-2, 1e-2, 3e-3, 1e-3];

    /// <summary>Trains a head and calibrates it.</summary>
    /// <param name="partition">Where it stands.</param>
    /// <param name="features">What it reads.</param>
    /// <param name="table">Features of all samples.</param>
    /// <param name="answers">What the model answers.</param>
    /// <param name="division">Which samples train and calibrate.</param>
    /// <param name="options">How it is trained.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    public static TrainedExit Train(Partition partition, ImmutableArray<ExitFeatures> features, FeatureTable table, ModelAnswers answers, SampleDivision division, ExitOptions options, CancellationToken cancellationToken)
    {
        var scale = table.ScaleOf(division.Training);
        var rows = table.Scaled(division.Training, scale);
        var calibration = table.Scaled(division.Calibration, scale);
        int[] classes = [.. division.Calibration.Select(sample => answers.BestClasses[sample])];
        (LinearHead Head, double Temperature, double Loss, double Teaching) best = (null!, 1, double.PositiveInfinity, 1);
        foreach (var teaching in Leads.Select(answers.TemperatureFor).Distinct())
        {
            var targets = answers.TargetsOf(division.Training, teaching);
            var parameters = new float[(table.Features + 1) * answers.Classes];
            var last = double.PositiveInfinity;
            foreach (var penalty in Penalties)
            {
                var objective = new SoftmaxObjective(rows, targets, penalty, options.MaxConcurrency);
                LimitedMemoryBfgs.Minimize(parameters, options.MaxSteps, (place, gradient) => objective.Evaluate(place, gradient, cancellationToken));
                var head = new LinearHead(parameters[..(table.Features * answers.Classes)], parameters[(table.Features * answers.Classes)..]);
                var (temperature, loss) = ConfidenceTemperature.Fit(ScoresOf(head, calibration, answers.Classes), classes);
                if (loss < best.Loss) best = (head, temperature, loss, teaching);
                if (loss >= last) break;
                last = loss;
            }
        }

        return Judge(partition, features, scale.Fold(best.Head), best.Temperature, best.Teaching, table, answers);
    }

    private static float[][] ScoresOf(LinearHead head, float[][] rows, int classes) => [.. rows.Select(row =>
    {
        var scores = new float[classes];
        head.Score(row, scores);
        return scores;
    })];

    // As the exit itself will answer.
    private static TrainedExit Judge(Partition partition, ImmutableArray<ExitFeatures> features, LinearHead head, double temperature, double teaching, FeatureTable table, ModelAnswers answers)
    {
        var trained = new TrainedExit(partition, features, head, temperature, teaching, new double[table.Samples], new bool[table.Samples]);
        var evaluated = new ExitHead(answers.Classes, answers.Form, trained.At(0));
        var (scores, scratch) = (new float[answers.Classes], new float[answers.Classes]);
        for (var sample = 0; sample < table.Samples; sample++)
        {
            var answer = evaluated.Answer(table[sample], scores, scratch);
            (trained.Confidences[sample], trained.IsAgreeing[sample]) = (answer.Confidence, answer.Class == answers.BestClasses[sample]);
        }

        return trained;
    }
}
