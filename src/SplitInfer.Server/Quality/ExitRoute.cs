using System.Collections.Immutable;
using SplitInfer.Codecs;
using SplitInfer.Exits;
using SplitInfer.Partitioning;
using SplitInfer.Policies.Quality;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Server.Quality;

/// <summary>
/// The way from the boundary of one partition through the exits behind it to the end of the model, a segment to each: what a run goes that may be answered
/// early. Immutable.
/// </summary>
internal sealed class ExitRoute
{
    /// <summary>The legs in order; the last ends with the model.</summary>
    public ImmutableArray<ExitLeg> Legs { get; private init; }

    /// <summary>What each leg takes and how often its answer is the model's.</summary>
    public QualityCurve Curve { get; private init; } = null!;

    /// <summary>Where the curve is known, and which one it is there.</summary>
    public (QualityNode Node, int Curve) Place { get; private init; }

    /// <summary>The output of the model, in whose form exits answer.</summary>
    public ExitOutput Output { get; private init; } = null!;

    /// <summary>What a run to the end of the model is expected to take, by what runs have taken so far, s.</summary>
    public double WholeSeconds => Place.Node.SecondsBetween(Place.Curve, -1, Legs.Length - 1);

    /// <summary>The most tensors that are held, read or made at a time.</summary>
    public int MaxTensors { get; private init; }

    /// <summary>What is rented before a run.</summary>
    public ImmutableArray<SegmentKey> Segments { get; private init; }

    /// <summary>Makes a route.</summary>
    /// <param name="legs">Its legs.</param>
    /// <param name="boundary">How many tensors it begins with.</param>
    /// <param name="output">The output of the model.</param>
    /// <param name="curve">What each leg takes and how often its answer is the model's.</param>
    /// <param name="place">Where the curve is known.</param>
    public static ExitRoute Of(ImmutableArray<ExitLeg> legs, int boundary, ExitOutput output, QualityCurve curve, (QualityNode Node, int Curve) place) => new()
    {
        Legs = legs, Output = output, Curve = curve, Place = place,
        MaxTensors = Math.Max(boundary, legs.Max(static leg => Math.Max(leg.Left.Length, Math.Max(leg.Given.Length, leg.Made)))),
        Segments = [.. legs.Where(static leg => leg.Segment is not null).Select(static leg => leg.Segment!.Value)],
    };
}

/// <summary>A part of a route: from one cut to the next, and the exit that stands there.</summary>
/// <param name="Segment">What runs; null where the exit stands on the boundary that the route begins with.</param>
/// <param name="Given">Of what is held at its beginning, the places of what the segment takes.</param>
/// <param name="Made">How many tensors the segment makes.</param>
/// <param name="Left">What is held at its end: tensors that the segment made, or that were held before.</param>
/// <param name="Head">The exit at its end; null at that of the model.</param>
/// <param name="Number">The number of that exit, beginning with 1; 0 for the end of the model.</param>
internal sealed record ExitLeg(SegmentKey? Segment, ImmutableArray<int> Given, int Made, ImmutableArray<HeldTensor> Left, ExitHead? Head, int Number);

/// <summary>Where a tensor comes from.</summary>
/// <param name="IsMade">Whether the segment has made it, rather than that it was held before.</param>
/// <param name="Place">Its place there.</param>
internal readonly record struct HeldTensor(bool IsMade, int Place);

/// <summary>The output of a classifier, as the model would give it for one input.</summary>
/// <param name="Type">Type of the scores.</param>
/// <param name="Shape">Their shape.</param>
internal sealed record ExitOutput(ElementType Type, TensorShape Shape)
{
    /// <summary>How many scores there are.</summary>
    public int Classes => (int)Shape.ElementCount;

    /// <summary>The output that exits answer in place of.</summary>
    /// <param name="model">The model.</param>
    /// <param name="exits">Its exits, which are of its plan, and of which all else may be anything.</param>
    /// <exception cref="InvalidExitsException">The model has no such scores, or another number of them: what an exit answers would be no output of the model.</exception>
    public static ExitOutput Of(PartitionedModel model, ModelExits exits)
    {
        var output = model.Plan.Outputs[0];
        return FloatingPoint.Is(output.Type) && model.ShapeOf(output.Name) is { } sizes && sizes.All(static size => size > 0) && new TensorShape(sizes.AsSpan()) is var shape && shape.ElementCount == exits.Classes
            ? new(output.Type, shape)
            : throw new InvalidExitsException($"The exits have {exits.Classes} scores, which is not what the model's output {output} has. Make them again with 'splitinfer exits add'.");
    }
}
