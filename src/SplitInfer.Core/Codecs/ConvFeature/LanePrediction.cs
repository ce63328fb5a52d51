using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SplitInfer.Codecs.ConvFeature;

/// <summary>The prediction of a value from its neighbours, in each lane: <see cref="Prediction"/> for sixteen at once, on vectors of any width.</summary>
internal readonly unsafe struct LanePrediction
{
    private const int Lanes = LaneLayout.Lanes;

    private readonly Vector512<int> _left, _upper, _eighths, _nearest, _beyond, _goesUp;

    /// <summary>Looks at the neighbours.</summary>
    /// <param name="window">The rows.</param>
    /// <param name="at">The place of the first lane in the row.</param>
    /// <param name="isFirst">Whether the row is the first one.</param>
    /// <param name="left">The values to the left, which the caller has at hand.</param>
    /// <param name="errorLeft">Their errors.</param>
    /// <param name="reach">As of <see cref="Prediction"/>, in every lane.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public LanePrediction(in RowWindow window, int at, bool isFirst, Vector512<int> left, Vector512<int> errorLeft, Vector512<int> reach)
    {
        Vector512<int> upper, upperLeft, upperRight, errors;
        if (isFirst)
        {
            (upper, upperLeft, upperRight) = (left, left, left);
            errors = errorLeft + errorLeft + errorLeft;
        }
        else
        {
            (upper, upperLeft, upperRight) = (Vector512.Load(window.Above + at), Vector512.Load(window.Above + at - Lanes), Vector512.Load(window.Above + at + Lanes));
            errors = Vector512.Load(window.ErrorsAbove + at) + Vector512.Load(window.ErrorsAbove + at - Lanes) + Vector512.Load(window.ErrorsAbove + at + Lanes);
        }

        var slope = Vector512.Min(Vector512.Max(left + (upper - upperLeft), Vector512.Min(left, upper)), Vector512.Max(left, upper));
        (_left, _upper) = (left, upper);
        _eighths = (upper + upperRight) + (left << 1) + (slope << 2);
        _nearest = (_eighths + Vector512.Create(4)) >> 3;
        _goesUp = Vector512.GreaterThan(_eighths, _nearest << 3);
        _beyond = (_nearest << 1) + reach;

        var flatness = (Vector512.Abs(upper - upperLeft) + Vector512.Abs(upper - upperRight) << 3) + errors + Vector512<int>.One;
        var activity = (errorLeft << 1) + (Vector512.Abs(left - upperLeft) << 3) + flatness;
        var bounded = Vector512.Min(Vector512.Max(activity, Vector512.Create(Contexts.LeastActivity)), Vector512.Create(Contexts.GreatestActivity));

        // The exponent of a binary32 is the logarithm.
        var octave = (Vector512.ConvertToSingle(bounded).AsInt32() >> 23) - Vector512.Create(128);
        var isZero = Vector512.Equals(_nearest, Vector512<int>.Zero);
        var isLarge = Vector512.GreaterThanOrEqual(Vector512.Abs(_nearest) << 7, activity + (activity << 1));
        var size = Vector512.AndNot(Vector512.Create(2), isZero) + (isLarge & Vector512.Create(2));
        Context = (octave << 3) + size + (Vector512.Equals(left, upper) & Vector512<int>.One);
    }

    public Vector512<int> Context { get; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<int> ErrorOf(Vector512<int> value) => Vector512.Abs((value << 3) - _eighths);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<int> PlaceOf(Vector512<int> value)
    {
        // Comparisons give −1 if they are true, and those of distances are also true for the alternating ones.
        var alternating = AlternatingDistanceOf(value);
        var place = Vector512.ConditionalSelect(Vector512.GreaterThan(value, _beyond), value, alternating) + Vector512.Create(2)
            + Vector512.LessThan(AlternatingDistanceOf(_left), alternating)
            + Vector512.AndNot(Vector512.LessThan(AlternatingDistanceOf(_upper), alternating), Vector512.Equals(_left, _upper));
        place = Vector512.ConditionalSelect(Vector512.Equals(value, _upper), Vector512<int>.One, place);
        return Vector512.AndNot(place, Vector512.Equals(value, _left));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<int> ValueAt(Vector512<int> place)
    {
        var (one, other) = (DistanceOf(_left), DistanceOf(_upper));
        var distance = place - Vector512.Create(2);
        distance -= Vector512.GreaterThanOrEqual(distance, Vector512.Min(one, other));
        distance -= Vector512.AndNot(Vector512.GreaterThanOrEqual(distance, Vector512.Max(one, other)), Vector512.Equals(one, other));
        var step = (distance + Vector512<int>.One) >> 1;

        // Minus where exactly one of odd and up holds: all ones to invert, and one to add.
        var minus = _goesUp ^ Vector512.Equals(distance & Vector512<int>.One, Vector512<int>.One);
        var value = Vector512.ConditionalSelect(Vector512.GreaterThan(distance, _beyond), distance, _nearest + ((step ^ minus) - minus));
        value = Vector512.Min(Vector512.Max(value, Vector512.Create(-Step.MaxLevel)), Vector512.Create(Step.MaxLevel));
        value = Vector512.ConditionalSelect(Vector512.Equals(place, Vector512<int>.One), _upper, value);
        return Vector512.ConditionalSelect(Vector512.Equals(place, Vector512<int>.Zero), _left, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector512<int> DistanceOf(Vector512<int> value) =>
        Vector512.ConditionalSelect(Vector512.GreaterThan(value, _beyond), value, AlternatingDistanceOf(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector512<int> AlternatingDistanceOf(Vector512<int> value)
    {
        var difference = value - _nearest;
        var isOtherSide = _goesUp ^ Vector512.GreaterThan(difference, Vector512<int>.Zero);
        return Vector512.Max((Vector512.Abs(difference) << 1) - Vector512<int>.One - isOtherSide, Vector512<int>.Zero);
    }
}
