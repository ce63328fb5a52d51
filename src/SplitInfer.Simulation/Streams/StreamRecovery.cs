using System.Collections.Immutable;
using SplitInfer.Policies.Streams;

namespace SplitInfer.Simulation.Streams;

/// <summary>How soon after a change a planner expects what is then true.</summary>
/// <param name="world">The world.</param>
/// <param name="bound">What is true.</param>
/// <param name="close">How close an expectation has to be, relative to the truth, and how far apart truths have to be for a change to count.</param>
internal sealed class StreamRecovery(StreamWorld world, StreamBound bound, double close)
{
    private readonly ImmutableArray<int>.Builder _found = ImmutableArray.CreateBuilder<int>();
    private readonly double[] _changes = [.. world.Changes.Where(at => at > 0 && Math.Abs(bound.At(at) - bound.At(at - 1e-3)) > close * bound.At(at - 1e-3))];
    private int _next;
    private int _frames = -1;
    private int _inFlight;

    /// <summary>For each change that was recovered from: frames until then, less those that were in flight.</summary>
    public ImmutableArray<int> Frames => _found.ToImmutable();

    /// <summary>A route was chosen.</summary>
    public void NoteChoice(double now, int inFlight, StreamForecast? forecast)
    {
        if (forecast is null) return;
        if (_next < _changes.Length && now >= _changes[_next])
        {
            if (_frames >= 0) _found.Add(_frames - _inFlight);
            (_frames, _inFlight) = (0, inFlight);
            _next++;
        }

        if (_frames < 0) return;
        _frames++;
        if (Math.Abs(forecast.MostFramesPerSecond - bound.At(now)) > close * bound.At(now)) return;
        _found.Add(Math.Max(0, _frames - 1 - _inFlight));
        _frames = -1;
    }
}
