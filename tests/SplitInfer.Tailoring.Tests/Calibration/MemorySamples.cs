using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Tailoring.Tests.Calibration;

/// <summary>Seeded random images.</summary>
internal sealed class MemorySamples(int count) : ISampleSource
{
    public int Count => count;

    public TensorValue[] Read(int sample, IReadOnlyList<TensorSpec> inputs) => [.. inputs.Select(input => RandomTensor.Normal(new(sample), input.Type, [.. input.Shape.Dimensions]))];
}
