namespace SplitInfer.Policies.Experience;

/// <summary>Chooses the variant of the highest upper bound, and finds out whether a rating of it would tell it from the second. Stateless.</summary>
internal static class UpperBoundChoice
{
    /// <summary>Two variants cannot be told apart while their expected ratings are closer than so many standard deviations of the difference.</summary>
    private const double Overlap = 2;

    /// <summary>The choice; of whether a question is worth asking it knows all but the budget.</summary>
    public static ExperienceChoice Choose(MixedModel model, ExperienceOptions options, in DeviceFeatures device, ReadOnlySpan<VariantFeatures> variants)
    {
        Span<double> phi = stackalloc double[FeatureMap.Dimension];
        Span<double> best = stackalloc double[FeatureMap.Dimension];
        Span<double> second = stackalloc double[FeatureMap.Dimension];
        var (place, mean, deviation, highest) = (0, 0.0, 0.0, double.NegativeInfinity);
        var (secondMean, secondHighest) = (0.0, double.NegativeInfinity);
        for (var i = 0; i < variants.Length; i++)
        {
            FeatureMap.Write(device, variants[i].AmongOthers(variants), phi);
            var (expected, width) = (model.Mean(phi), model.Deviation(phi));
            var bound = expected + (options.Optimism * width);
            if (bound > highest || i == 0)
            {
                best.CopyTo(second);
                (secondMean, secondHighest) = (mean, highest);
                phi.CopyTo(best);
                (place, mean, deviation, highest) = (i, expected, width, bound);
            }
            else if (bound > secondHighest)
            {
                phi.CopyTo(second);
                (secondMean, secondHighest) = (expected, bound);
            }
        }

        var rating = Math.Clamp(mean, 0, 1);
        if (variants.Length == 1) return new(place, rating, deviation, IsWorthAsking: false);
        for (var i = 0; i < FeatureMap.Dimension; i++) phi[i] = best[i] - second[i];
        var between = model.Deviation(phi);
        var overlap = Math.Abs(mean - secondMean) < Overlap * between;
        return new(place, rating, deviation, overlap && between > options.MinQuestionDeviation);
    }
}
