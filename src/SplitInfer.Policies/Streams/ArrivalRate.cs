namespace SplitInfer.Policies.Streams;

/// <summary>
/// How many frames a second come. Where there is always another one, none is waited for while there is room; where there is room for most of the time, the time between two says
/// how many come. Not thread-safe.
/// </summary>
/// <param name="known">The rate, where it is known.</param>
internal sealed class ArrivalRate(double? known)
{
    private const double Gain = 1.0 / 32;

    /// <summary>The part of the time for which there is room and no frame from which on frames count as rare.</summary>
    private const double IdlePart = 0.3;

    private double _interval;
    private double _idle;
    private double _lastAt = double.NaN;
    private double _roomAt = double.NaN;

    /// <summary>Frames a second; infinity where there are more than can be taken.</summary>
    public double FramesPerSecond => known ?? (_idle <= IdlePart * _interval ? double.PositiveInfinity : 1 / _interval);

    /// <summary>There is no room for another frame.</summary>
    public void Fill() => _roomAt = double.PositiveInfinity;

    /// <summary>There is room again.</summary>
    public void MakeRoom(double now)
    {
        if (double.IsPositiveInfinity(_roomAt)) _roomAt = now;
    }

    /// <summary>A frame comes.</summary>
    public void Observe(double now)
    {
        if (!double.IsNaN(_lastAt))
        {
            var interval = Math.Max(0, now - _lastAt);
            var idle = double.IsNaN(_roomAt) ? interval : Math.Clamp(now - _roomAt, 0, interval);
            _interval += Gain * (interval - _interval);
            _idle += Gain * (idle - _idle);
        }

        (_lastAt, _roomAt) = (now, double.NaN);
    }
}
