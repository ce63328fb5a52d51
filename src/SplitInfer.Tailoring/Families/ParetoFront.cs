namespace SplitInfer.Tailoring.Families;

/// <summary>The variants that no other one beats: none is as small, as fast and agrees as often, and is better in one of these. Useless ones are none of them.</summary>
internal static class ParetoFront
{
    /// <summary>Finds them. Variants for unlike processors are not compared, and times are only where they were taken on the processor that a variant is for.</summary>
    /// <param name="candidates">The variants.</param>
    /// <param name="threads">Threads of the times that are compared.</param>
    public static IReadOnlySet<Candidate> Of(IReadOnlyCollection<Candidate> candidates, int threads) =>
        candidates.Where(candidate => !candidate.IsUseless && !candidates.Any(other => (other.Isa is null || other.Isa == candidate.Isa) && Beats(other, candidate, threads))).ToHashSet();

    private static bool Beats(Candidate left, Candidate right, int threads)
    {
        // What is quantised for another processor is smaller, and nobody knows whether it is faster there.
        if (!right.IsForHere && left.IsForHere) return false;
        var (a, b) = left.IsForHere ? (left.Times[threads].Relative, right.Times[threads].Relative) : (0, 0);
        var isNotWorse = left.Bytes.Length <= right.Bytes.Length && a <= b && left.Score.Agreement >= right.Score.Agreement;
        return isNotWorse && (left.Bytes.Length < right.Bytes.Length || a < b || left.Score.Agreement > right.Score.Agreement);
    }
}
