using System.Numerics;

namespace SplitInfer.Codecs.ConvFeature;

/// <summary>The prediction of a value from its neighbours. The reference implementation for <see cref="LanePrediction"/>.</summary>
internal readonly unsafe struct Prediction
{
    /// <summary>A reach that no value has, for tensors in which some are negative: these lie on both sides of the prediction however far.</summary>
    public const int ReachBothSides = 1 << 20;

    private const int Lanes = LaneLayout.Lanes;

    private readonly int _left, _upper, _eighths, _nearest, _reach;
    private readonly bool _goesUp;

    /// <summary>Looks at the neighbours of a value.</summary>
    /// <param name="window">The rows; the values to the left are set.</param>
    /// <param name="at">Its place in the row: position · lanes + lane.</param>
    /// <param name="reach">0 if no value is negative, else <see cref="ReachBothSides"/>.</param>
    public Prediction(in RowWindow window, int at, int reach)
    {
        _reach = reach;
        var isFirst = window.IsFirstRow;
        var left = window.Values[at - Lanes];
        int upper = isFirst ? left : window.Above[at], upperLeft = isFirst ? left : window.Above[at - Lanes], upperRight = isFirst ? left : window.Above[at + Lanes];
        var errorLeft = window.Errors[at - Lanes];
        var errors = isFirst ? 3 * errorLeft : window.ErrorsAbove[at] + window.ErrorsAbove[at - Lanes] + window.ErrorsAbove[at + Lanes];

        // The plane through three neighbours, kept between the nearest two.
        var slope = Math.Min(Math.Max(left + upper - upperLeft, Math.Min(left, upper)), Math.Max(left, upper));
        (_left, _upper) = (left, upper);
        _eighths = 2 * left + upper + upperRight + 4 * slope;
        _nearest = (_eighths + 4) >> 3;
        _goesUp = _eighths > 8 * _nearest;

        var activity = 2 * errorLeft + errors + 8 * (Math.Abs(left - upperLeft) + Math.Abs(upper - upperLeft) + Math.Abs(upper - upperRight)) + 1;
        var octave = BitOperations.Log2((uint)Math.Clamp(activity, Contexts.LeastActivity, Contexts.GreatestActivity)) - 1;
        var size = _nearest == 0 ? 0 : Math.Abs(_nearest) * 128 < 3 * activity ? 1 : 2;
        Context = octave << 3 | size << 1 | (left == upper ? 1 : 0);
    }

    /// <summary>See <see cref="Contexts"/>.</summary>
    public int Context { get; }

    /// <summary>The left neighbour.</summary>
    public int Left => _left;

    /// <summary>How far a value is from the prediction, in eighths.</summary>
    public int ErrorOf(int value) => Math.Abs(8 * value - _eighths);

    /// <summary>The place of a value: 0 and 1 for the neighbours, from 2 on the others by their distance.</summary>
    public int PlaceOf(int value)
    {
        if (value == _left) return Tokens.IsLeft;
        if (value == _upper) return Tokens.IsUpper;
        var distance = DistanceOf(value);
        if (DistanceOf(_left) < distance) distance--;
        if (_upper != _left && DistanceOf(_upper) < DistanceOf(value)) distance--;
        return 2 + distance;
    }

    /// <summary>The value at a place.</summary>
    public int ValueAt(int place)
    {
        if (place == Tokens.IsLeft) return _left;
        if (place == Tokens.IsUpper) return _upper;
        int one = DistanceOf(_left), other = DistanceOf(_upper);
        var distance = place - 2;
        if (distance >= Math.Min(one, other)) distance++;
        if (one != other && distance >= Math.Max(one, other)) distance++;
        var step = (distance + 1) >> 1;
        var value = distance > 2 * _nearest + _reach ? distance : (distance & 1) != 0 == _goesUp ? _nearest + step : _nearest - step;
        return Math.Clamp(value, -Step.MaxLevel, Step.MaxLevel);
    }

    // Values on both sides in turn, from the nearest on; where none is negative, those beyond twice the prediction one after the other.
    private int DistanceOf(int value)
    {
        if (value > 2 * _nearest + _reach) return value;
        var difference = value - _nearest;
        return difference == 0 ? 0 : 2 * Math.Abs(difference) - (difference > 0 == _goesUp ? 1 : 0);
    }
}
