using SplitInfer.Exits;
using SplitInfer.Policies.Quality;
using ModelExit = SplitInfer.Policies.Quality.ModelExit;

namespace SplitInfer.Server.Quality;

/// <summary>What a route costs and how often its answers are the model's, of what was measured and what the file of exits says.</summary>
internal static class RouteCurve
{
    // Of two exits the later one takes longer, if only by as much as a clock shows, s.
    private const double LeastLeg = 1e-6;

    /// <summary>The curve.</summary>
    /// <param name="exits">The exits of the model.</param>
    /// <param name="through">Places of those that the route goes by.</param>
    /// <param name="seconds">What each leg takes, with its exit.</param>
    public static QualityCurve Of(ModelExits exits, IReadOnlyList<int> through, IReadOnlyList<double> seconds)
    {
        var ends = new ModelExit[seconds.Count];
        var at = 0.0;
        for (var leg = 0; leg < ends.Length; leg++)
        {
            at += Math.Max(LeastLeg, seconds[leg]);
            ends[leg] = new(at, leg < through.Count ? exits.Exits[through[leg]].Agreement : 1);
        }

        if (exits.Answers is not { } answers) return new(ends);
        var samples = Enumerable.Range(0, answers.Samples).ToArray();
        double[] always = [.. samples.Select(static _ => 1.0)];
        return new(ends, ExitAnswers.Settings(
            ends, [.. through.Select(place => samples.Select(sample => answers.ConfidenceOf(place, sample)).ToArray()), always],
            [.. through.Select(place => samples.Select(sample => answers.IsAgreeing(place, sample) ? 1.0 : 0).ToArray()), always]));
    }
}
