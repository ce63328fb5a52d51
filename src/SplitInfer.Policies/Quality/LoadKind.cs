namespace SplitInfer.Policies.Quality;

/// <summary>Requests that are alike, and how many of them came.</summary>
internal struct LoadKind
{
    // Kinds of another exit are further from each other than those of any weight, and those of another model further still.
    private const double ExitDistance = 1e3, CurveDistance = 1e6;

    /// <summary>The id of their model's curve.</summary>
    public int Curve;

    /// <summary>The deepest exit that their deadline leaves time for.</summary>
    public int Depth;

    /// <summary>Their mean weight.</summary>
    public double Weight;

    /// <summary>What one takes to get to that exit, s.</summary>
    public double Seconds;

    /// <summary>How many came since the last report.</summary>
    public double Arrivals;

    /// <summary>How many come lately, in a second.</summary>
    public double Recent;

    /// <summary>The kind that is nearest to one, and how far it is.</summary>
    /// <param name="kinds">Kinds.</param>
    /// <param name="one">A kind.</param>
    /// <param name="other">Its own place among them; −1 where it has none.</param>
    public static (int Place, double Distance) Nearest(ReadOnlySpan<LoadKind> kinds, in LoadKind one, int other)
    {
        var (nearest, distance) = (-1, double.PositiveInfinity);
        for (var i = 0; i < kinds.Length; i++)
        {
            var apart = Math.Abs(Math.Log(one.Weight / kinds[i].Weight)) + (kinds[i].Curve == one.Curve ? Math.Abs(kinds[i].Depth - one.Depth) * ExitDistance : CurveDistance);
            if (i != other && apart < distance) (nearest, distance) = (i, apart);
        }

        return (nearest, distance);
    }

    /// <summary>Counts the kind of the least recent load as the one nearest to it, as many of that as are the same load.</summary>
    /// <param name="kinds">At least two kinds, of which all but the last are left.</param>
    /// <returns>How many are left.</returns>
    public static int MergeLeast(Span<LoadKind> kinds)
    {
        var least = 0;
        for (var i = 1; i < kinds.Length; i++)
            if (kinds[i].Recent * kinds[i].Seconds < kinds[least].Recent * kinds[least].Seconds) least = i;
        var gone = kinds[least];
        var (into, _) = Nearest(kinds, gone, least);
        ref var left = ref kinds[into];
        var share = left.Seconds > 0 ? gone.Seconds / left.Seconds : 1;
        (left.Arrivals, left.Recent) = (left.Arrivals + (share * gone.Arrivals), left.Recent + (share * gone.Recent));
        kinds[least] = kinds[^1];
        return kinds.Length - 1;
    }
}
