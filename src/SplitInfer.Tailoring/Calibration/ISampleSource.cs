using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Calibration;

/// <summary>Sample inputs of a model, such as those of a folder. Each is read when it is needed, some several times. Safe for concurrent use.</summary>
public interface ISampleSource
{
    /// <summary>Number of samples; at least one.</summary>
    int Count { get; }

    /// <summary>Reads a sample; the caller owns the tensors.</summary>
    /// <param name="sample">Index of the sample: 0 to <see cref="Count"/> − 1.</param>
    /// <param name="inputs">The inputs of the model.</param>
    /// <returns>A tensor for each input.</returns>
    /// <exception cref="TensorMismatchException">A tensor does not fit.</exception>
    TensorValue[] Read(int sample, IReadOnlyList<TensorSpec> inputs);
}
