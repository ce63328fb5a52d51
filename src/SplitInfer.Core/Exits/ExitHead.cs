using System.Buffers;
using System.Numerics.Tensors;
using SplitInfer.Tensors;

namespace SplitInfer.Exits;

/// <summary>
/// Evaluates one exit: pools the boundary into features, scores every class, and tells whether the best one is sure enough to be the answer.
/// Allocates nothing once pools are warm. Safe for concurrent use. Scores may differ in the last digits between processors.
/// </summary>
public sealed class ExitHead
{
    private readonly ExitFeatures[] _values;
    private readonly ReadOnlyMemory<float> _weights, _biases;
    private readonly float _scale;
    private readonly ExitScores _form;
    private readonly int _features, _scratch;

    /// <summary>Prepares an exit.</summary>
    /// <param name="exits">The exits of the model.</param>
    /// <param name="exit">One of them.</param>
    /// <exception cref="ArgumentException">It has not as many weights as its features and the classes take.</exception>
    public ExitHead(ModelExits exits, ModelExit exit) : this((exits ?? throw new ArgumentNullException(nameof(exits))).Classes, exits.Scores, exit) { }

    internal ExitHead(int classes, ExitScores form, ModelExit exit)
    {
        ArgumentNullException.ThrowIfNull(exit);
        (Exit, Classes, _form) = (exit, classes, form);
        (_values, _weights, _biases, _scale) = ([.. exit.Features], exit.Weights, exit.Biases, (float)(1 / exit.Temperature));
        if (exit.Weights.Length != (long)classes * exit.FeatureCount || exit.Biases.Length != classes)
            throw new ArgumentException($"The exit has {exit.Weights.Length} weights and {exit.Biases.Length} biases for {exit.FeatureCount} features and {classes} classes. Read it with {nameof(ExitsFile)}, which checks them.", nameof(exit));
        (_features, _scratch) = (exit.FeatureCount, exit.Features.Max(FeaturePooling.ScratchOf));
    }

    /// <summary>The exit.</summary>
    public ModelExit Exit { get; }

    /// <summary>How many classes there are.</summary>
    public int Classes { get; }

    /// <summary>Whether a boundary is one that the exit can be evaluated on: of the types and sizes that it was made for.</summary>
    /// <param name="boundary">A tensor for each value of the partition's boundary.</param>
    public bool Fits(ReadOnlySpan<TensorValue> boundary)
    {
        foreach (var value in _values)
            if (value.Place >= boundary.Length || boundary[value.Place].ElementType != value.Type || boundary[value.Place].Shape != value.Shape) return false;
        return true;
    }

    /// <summary>Evaluates the exit.</summary>
    /// <param name="boundary">A tensor for each value of the partition's boundary; the caller keeps ownership.</param>
    /// <param name="scores">Receives a calibrated score for each class, in the form that the model's own output has.</param>
    /// <exception cref="TensorMismatchException">A tensor is not what the exit was made for.</exception>
    /// <exception cref="ArgumentException">There is no room for the scores.</exception>
    public ExitAnswer Evaluate(ReadOnlySpan<TensorValue> boundary, Span<float> scores)
    {
        if (scores.Length != Classes) throw new ArgumentException($"There is room for {scores.Length} scores, and the exit gives {Classes}.", nameof(scores));
        var rented = ArrayPool<float>.Shared.Rent(_features + Math.Max(_scratch, Classes));
        try
        {
            var features = rented.AsSpan(0, _features);
            var scratch = rented.AsSpan(_features);
            Pool(boundary, features, scratch);
            return Answer(features, scores, scratch[..Classes]);
        }
        finally
        {
            ArrayPool<float>.Shared.Return(rented);
        }
    }

    /// <summary>The features of a boundary.</summary>
    /// <exception cref="TensorMismatchException">A tensor is not what the exit was made for.</exception>
    internal static void Pool(ReadOnlySpan<ExitFeatures> values, ReadOnlySpan<TensorValue> boundary, Span<float> features, Span<float> scratch)
    {
        var at = 0;
        foreach (var value in values)
        {
            if (value.Place >= boundary.Length) throw new TensorMismatchException($"The exit reads '{value.Name}' at place {value.Place} of a boundary of {boundary.Length} tensors. Give the boundary of the partition that the exit is for.");
            var tensor = boundary[value.Place];
            if (tensor.ElementType != value.Type || tensor.Shape != value.Shape) throw new TensorMismatchException($"The exit was made for '{value.Name}' as {value.Type.DisplayName()} {value.Shape}, and the tensor is {tensor}. Make exits for this size with 'splitinfer exits add'.");
            FeaturePooling.Pool(value, tensor.Bytes.Span, features.Slice(at, value.Count), scratch);
            at += value.Count;
        }
    }

    private void Pool(ReadOnlySpan<TensorValue> boundary, Span<float> features, Span<float> scratch) => Pool(_values, boundary, features, scratch);

    /// <summary>Scores features.</summary>
    /// <param name="features">The features.</param>
    /// <param name="scores">Receives the scores.</param>
    /// <param name="exponentials">Scratch memory of the same length.</param>
    internal ExitAnswer Answer(ReadOnlySpan<float> features, Span<float> scores, Span<float> exponentials)
    {
        var weights = _weights.Span;
        var biases = _biases.Span;
        for (var place = 0; place < scores.Length; place++) scores[place] = (TensorPrimitives.Dot(weights.Slice(place * _features, _features), features) + biases[place]) * _scale;
        var best = TensorPrimitives.IndexOfMax<float>(scores);
        // Whatever the others are, a score that is no number leaves the answer to the model.
        if (!float.IsFinite(scores[best])) return new(best, 0, false);
        TensorPrimitives.Subtract(scores, scores[best], exponentials);
        TensorPrimitives.Exp<float>(exponentials, exponentials);
        exponentials[best] = 0;
        // Near 1 the others tell apart what single precision would round to 1.
        double others = TensorPrimitives.Sum<float>(exponentials);
        var confidence = 1 / (1 + others);
        if (_form == ExitScores.Probabilities)
        {
            exponentials[best] = 1;
            TensorPrimitives.Multiply(exponentials, (float)confidence, scores);
        }

        return new(best, confidence, confidence >= Exit.Threshold);
    }
}
