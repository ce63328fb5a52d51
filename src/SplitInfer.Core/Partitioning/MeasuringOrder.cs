namespace SplitInfer.Partitioning;

/// <summary>In which order the arms of a plan are measured.</summary>
internal static class MeasuringOrder
{
    /// <summary>The places of <paramref name="count"/> arms: the last, the first, then the middles of ever smaller gaps, so that whatever is left out lies between neighbours.</summary>
    public static IEnumerable<int> CoarseFirst(int count)
    {
        if (count > 0) yield return count - 1;
        if (count > 1) yield return 0;
        var gaps = new Queue<(int Low, int High)>([(0, count - 1)]);
        while (gaps.TryDequeue(out var gap))
        {
            if (gap.High - gap.Low < 2) continue;
            var middle = (gap.Low + gap.High) / 2;
            yield return middle;
            gaps.Enqueue((gap.Low, middle));
            gaps.Enqueue((middle, gap.High));
        }
    }
}
