using System.Globalization;

namespace SplitInfer.Tailoring.Families;

/// <summary>Says why no variant meets a target: what comes nearest, and what it lacks.</summary>
internal static class NearestVariant
{
    /// <summary>The refusal of a target.</summary>
    public static string Describe(IEnumerable<Candidate> candidates, TailoringTarget target, double confidence)
    {
        var nearest = candidates.Where(c => c.IsFor(target)).MinBy(candidate => Excess(candidate, target, confidence))!;
        var misses = new List<string>();
        if (!nearest.MeetsTime(target)) misses.Add(string.Create(CultureInfo.InvariantCulture, $"three of four of its runs take up to {nearest.Times[target.Threads].Upper * 1000:F2} ms, not {target.MaxMs:0.##}"));
        if (!nearest.MeetsSize(target)) misses.Add(string.Create(CultureInfo.InvariantCulture, $"it has {nearest.Bytes.Length} bytes, not {target.MaxBytes:0}"));
        if (target.MinAgreement is null && nearest.IsUseless) misses.Add(string.Create(CultureInfo.InvariantCulture, $"{nearest.Score.Agreeing} of {nearest.Score.Samples} answers agree, which is of no use"));
        else if (!nearest.MeetsAgreement(target, confidence))
        {
            var reason = nearest.Score.Agreement >= target.MinAgreement ? $", which {nearest.Score.Samples} samples are too few to promise" : "";
            misses.Add(string.Create(CultureInfo.InvariantCulture, $"{nearest.Score.Agreeing} of {nearest.Score.Samples} answers agree, so that {nearest.Agreement(confidence) * 100:F1} % can be promised, not {target.MinAgreement * 100:0.##} %{reason}"));
        }

        return $"No variant meets it. The nearest is '{nearest.Name}': {string.Join("; ", misses)}.";
    }

    /// <summary>By what factor a variant misses the target where it misses it most.</summary>
    private static double Excess(Candidate candidate, TailoringTarget target, double confidence)
    {
        var excess = 1.0;
        if (target.MaxMs is { } ms) excess = Math.Max(excess, candidate.Times[target.Threads].Upper * 1000 / ms);
        if (target.MaxBytes is { } bytes) excess = Math.Max(excess, candidate.Bytes.Length / bytes);
        // Half of the agreement is as bad as twice the time.
        if ((target.MinAgreement ?? (candidate.IsUseless ? Candidate.LeastUse : 0)) is var share && share > 0) excess = Math.Max(excess, share / Math.Max(1e-9, candidate.Agreement(confidence)));
        return excess;
    }
}
