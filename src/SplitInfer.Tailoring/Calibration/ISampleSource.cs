using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Calibration;

/// <summary>Inputs to try a model on, such as those of a folder. Each is read when it is needed, some more than once. Safe for concurrent use.</summary>
public interface ISampleSource
{
    /// <summary>How many samples there are; at least one.</summary>
    int Count { get; }

    /// <summary>Reads a sample; the caller owns the tensors.</summary>
    /// <param name="sample">Which: 0 to <see cref="Count"/> − 1.</param>
    /// <param name="inputs">What the model takes.</param>
    /// <returns>A tensor for each input.</returns>
    /// <exception cref="TensorMismatchException">A tensor does not fit.</exception>
    TensorValue[] Read(int sample, IReadOnlyList<TensorSpec> inputs);
}
