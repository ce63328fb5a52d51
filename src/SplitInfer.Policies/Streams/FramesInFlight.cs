namespace SplitInfer.Policies.Streams;

/// <summary>The frames whose outcome is not known, in the order in which their routes were chosen, and until when they are expected to occupy the stages. Not thread-safe.</summary>
internal sealed class FramesInFlight
{
    /// <summary>More than a window; a frame whose outcome is never told is forgotten in time.</summary>
    private const int Capacity = 128;

    private readonly Frame[] _frames = new Frame[Capacity];
    private int _first;
    private int _held;
    private long _passed;
    private double _passedAt = double.NegativeInfinity;
    private double _deviceEnded = double.NegativeInfinity;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>The route of a frame was chosen.</summary>
    /// <param name="sequence">Its number.</param>
    /// <param name="route">Its route.</param>
    /// <param name="at">When it was chosen, s.</param>
    /// <param name="deviceEnds">Until when the device is expected to be occupied with it, s.</param>
    public void Add(long sequence, in RouteCost route, double at, double deviceEnds)
    {
        if (_held == Capacity) Forget();
        _frames[(_first + _held++) % Capacity] = new(sequence, route, at, deviceEnds, IsOpen: true);
        Count++;
    }

    /// <summary>The outcome of a frame is known. False where it is not one of those.</summary>
    public bool Remove(in StageTimes times)
    {
        for (var i = 0; i < _held; i++)
        {
            ref var frame = ref _frames[(_first + i) % Capacity];
            if (frame.Sequence != times.Decision.Sequence || !frame.IsOpen) continue;
            frame = frame with { IsOpen = false };
            Count--;
            if (times.DeviceSeconds > 0)
            {
                _deviceEnded = Math.Max(_deviceEnded, times.DeviceEnded);
                if (frame.Sequence > _passed) (_passed, _passedAt) = (frame.Sequence, times.DeviceBegan);
            }

            while (_held > 0 && !_frames[_first].IsOpen) Forget();
            return true;
        }

        return false;
    }

    /// <summary>Sets a clock to when the stages are expected to be free.</summary>
    /// <param name="costs">What is known of the stages.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="now">Now, s.</param>
    public void Replay(StreamCosts costs, StageClock clock, double now)
    {
        costs.SetClock(clock, _deviceEnded);
        for (var i = 0; i < _held; i++)
        {
            ref readonly var frame = ref _frames[(_first + i) % Capacity];
            if (!frame.IsOpen) continue;

            // The device runs frames in order, so it has ended with those before one that it has begun.
            var hasPassed = frame.Sequence < _passed && !frame.Route.IsOnDevice;
            var done = hasPassed ? clock.Send(frame.Route, Math.Min(frame.DeviceEnds, _passedAt)) : clock.Admit(frame.Route, frame.At);
            if (done >= now) continue;

            // One that should be there and is not is as likely as not to take as long again as it is late.
            var until = now + (now - done);
            if (frame.Route.IsOnDevice) clock.Device = Math.Max(clock.Device, until);
            else clock.Link(frame.Route.Server) = Math.Max(clock.Link(frame.Route.Server), until);
        }
    }

    private void Forget()
    {
        if (_frames[_first].IsOpen) Count--;
        (_first, _held) = ((_first + 1) % Capacity, _held - 1);
    }

    private readonly record struct Frame(long Sequence, RouteCost Route, double At, double DeviceEnds, bool IsOpen);
}
