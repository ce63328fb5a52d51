using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Families;

/// <summary>Some of the samples of a source.</summary>
internal sealed class SamplePart(ISampleSource source, IReadOnlyList<int> samples) : ISampleSource
{
    public int Count => samples.Count;

    public TensorValue[] Read(int sample, IReadOnlyList<TensorSpec> inputs) => source.Read(samples[sample], inputs);
}
