using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using SplitInfer.Codecs;
using SplitInfer.Exits;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Server.Quality;

/// <summary>
/// One run along a route, leg by leg: keeps what is held at each cut, and gives up at once what nothing behind it reads. Reused, so that a run allocates what a run
/// of as many segments does. Not thread-safe.
/// </summary>
internal sealed class ExitWalk
{
    private ExitRoute _route = null!;
    private TensorValue[] _held = [], _next = [], _given = [], _made = [];

    // Those of the boundary that the run began with stay the caller's.
    private bool[] _isOwned = [], _isNextOwned = [];
    private float[] _scores = [];
    private int _count;

    /// <summary>Begins a run.</summary>
    /// <param name="route">The route.</param>
    /// <param name="boundary">What it begins with; the caller keeps ownership, and the tensors, until <see cref="End"/>.</param>
    public void Begin(ExitRoute route, ReadOnlySpan<TensorValue> boundary)
    {
        _route = route;
        if (_held.Length < route.MaxTensors)
        {
            (_held, _next, _given, _made) = (new TensorValue[route.MaxTensors], new TensorValue[route.MaxTensors], new TensorValue[route.MaxTensors], new TensorValue[route.MaxTensors]);
            (_isOwned, _isNextOwned) = (new bool[route.MaxTensors], new bool[route.MaxTensors]);
        }

        if (_scores.Length < route.Output.Classes) _scores = new float[route.Output.Classes];
        boundary.CopyTo(_held);
        _isOwned.AsSpan().Clear();
        _count = boundary.Length;
    }

    /// <summary>Runs one leg.</summary>
    /// <param name="place">Its place in the route; the one before has run.</param>
    /// <param name="segment">Runs its segment; not used by a leg that has none.</param>
    /// <param name="cancellationToken">Stops the run at the next node.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask StepAsync(int place, SegmentLease segment, CancellationToken cancellationToken)
    {
        var leg = _route.Legs[place];
        if (leg.Segment is null) return;
        for (var i = 0; i < leg.Given.Length; i++) _given[i] = _held[leg.Given[i]];
        await segment.Runner.RunAsync(_given.AsMemory(0, leg.Given.Length), _made.AsMemory(0, leg.Made), cancellationToken).ConfigureAwait(false);
        Advance(leg);
    }

    /// <summary>Evaluates the exit at the end of a leg that has run.</summary>
    /// <param name="place">Its place in the route.</param>
    /// <param name="answer">What the exit answers.</param>
    /// <returns>Whether it can answer: not where what is held is of other sizes than it was made for, or its scores are no numbers.</returns>
    public bool TryEvaluate(int place, out ExitAnswer answer)
    {
        answer = default;
        if (_route.Legs[place].Head is not { } head || !head.Fits(_held.AsSpan(0, _count))) return false;
        answer = head.Evaluate(_held.AsSpan(0, _count), _scores.AsSpan(0, head.Classes));
        return answer.Confidence > 0;
    }

    /// <summary>What the exit that was evaluated last answers, in the form of the model's output. The caller owns it.</summary>
    public TensorValue MakeAnswer()
    {
        var output = TensorValue.Allocate(_route.Output.Type, _route.Output.Shape);
        FloatingPoint.Write(_route.Output.Type, _scores.AsSpan(0, _route.Output.Classes), output.Bytes.Span);
        return output;
    }

    /// <summary>The class that the model answers with, once the last leg has run; null where its scores are not as many as an exit's, or no numbers.</summary>
    public int? BestClass()
    {
        if (_count != 1 || _held[0].Shape.ElementCount != _route.Output.Classes) return null;
        var scores = _scores.AsSpan(0, _route.Output.Classes);
        FloatingPoint.Read(_route.Output.Type, _held[0].Bytes.Span, scores);
        var best = TensorPrimitives.IndexOfMax<float>(scores);
        return float.IsFinite(scores[best]) ? best : null;
    }

    /// <summary>The outputs of the model, once the last leg has run. The caller owns them.</summary>
    public void TakeOutputs(Span<TensorValue> outputs)
    {
        for (var i = 0; i < outputs.Length; i++)
        {
            outputs[i] = _held[i];
            _isOwned[i] = false;
        }
    }

    /// <summary>Gives up what is held.</summary>
    public void End()
    {
        for (var i = 0; i < _count; i++)
            if (_isOwned[i]) _held[i].Dispose();
        _held.AsSpan().Clear();
        _given.AsSpan().Clear();
        _count = 0;
    }

    private void Advance(ExitLeg leg)
    {
        for (var i = 0; i < leg.Left.Length; i++)
        {
            var (isMade, place) = leg.Left[i];
            (_next[i], _isNextOwned[i]) = isMade ? (_made[place], true) : (_held[place], _isOwned[place]);
            if (isMade) _made[place] = null!;
            else _isOwned[place] = false;
        }

        for (var i = 0; i < leg.Made; i++) _made[i]?.Dispose();
        for (var i = 0; i < _count; i++)
            if (_isOwned[i]) _held[i].Dispose();
        _made.AsSpan().Clear();
        _held.AsSpan().Clear();
        (_held, _next, _isOwned, _isNextOwned, _count) = (_next, _held, _isNextOwned, _isOwned, leg.Left.Length);
    }
}
