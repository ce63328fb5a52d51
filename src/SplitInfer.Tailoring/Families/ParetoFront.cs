namespace SplitInfer.Tailoring.Families;

/// <summary>The variants that no other one beats: none is as small, as fast and agrees as often, and is better in one of these.</summary>
internal static class ParetoFront
{
    /// <summary>Finds them. Variants for unlike processors are not compared.</summary>
    public static IReadOnlySet<Candidate> Of(IReadOnlyCollection<Candidate> candidates) =>
        candidates.Where(candidate => !candidates.Any(other => (other.Isa is null || other.Isa == candidate.Isa) && Beats(other, candidate))).ToHashSet();

    private static bool Beats(Candidate left, Candidate right)
    {
        var (a, b) = (left.Times[1].Median, right.Times[1].Median);
        var isNotWorse = left.Bytes.Length <= right.Bytes.Length && a <= b && left.Score.Agreement >= right.Score.Agreement;
        return isNotWorse && (left.Bytes.Length < right.Bytes.Length || a < b || left.Score.Agreement > right.Score.Agreement);
    }
}
