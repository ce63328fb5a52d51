namespace SplitInfer.Policies.Streams;

/// <summary>
/// How many frames a second come. A frame whose route is chosen as soon as there is room for it says only that there are more than can be taken; one that comes
/// while there is room says how fast they come. Not thread-safe.
/// </summary>
/// <param name="known">The rate, where it is known.</param>
internal sealed class ArrivalRate(double? known)
{
    private const double Gain = 1.0 / 32;

    /// <summary>A frame that follows the making of room sooner than this part of the mean interval has waited for it.</summary>
    private const double Prompt = 0.1;

    private double _waiting = 1;
    private double _interval;
    private double _lastAt = double.NaN;
    private double _roomAt = double.NegativeInfinity;

    /// <summary>Frames a second; infinity where there are more than can be taken.</summary>
    public double FramesPerSecond => known ?? (_waiting > 0.5 || _interval <= 0 ? double.PositiveInfinity : 1 / _interval);

    /// <summary>A frame was done while there was no room for another one.</summary>
    public void MakeRoom(double now) => _roomAt = now;

    /// <summary>A frame comes.</summary>
    /// <param name="now">Now, s.</param>
    /// <param name="isFull">Whether there was no room since the frame before until just now.</param>
    public void Observe(double now, bool isFull)
    {
        if (!double.IsNaN(_lastAt))
        {
            var interval = Math.Max(0, now - _lastAt);
            _interval += (_interval > 0 ? Gain : 1) * (interval - _interval);
            var waited = (isFull || _roomAt >= _lastAt) && now - _roomAt <= Prompt * _interval;
            _waiting += Gain * ((waited ? 1 : 0) - _waiting);
        }

        _lastAt = now;
    }
}
