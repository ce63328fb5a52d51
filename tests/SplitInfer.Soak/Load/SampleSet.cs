using SplitInfer.Client;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Soak.Load;

/// <summary>Inputs of one model with the outputs that the device yields for each, worked out before anything can go wrong.</summary>
internal sealed class SampleSet : IDisposable
{
    private const int Count = 12;
    private const int SymbolSize = 6;

    private readonly List<(TensorValue[] Inputs, InferenceResult Expected)> _samples = [];

    private SampleSet(PartitionedModel model) => Model = model;

    /// <summary>The model, planned once for all clients.</summary>
    public PartitionedModel Model { get; }

    /// <summary>Makes the set.</summary>
    public static async Task<SampleSet> CreateAsync(string path, int seed)
    {
        var set = new SampleSet(PartitionedModel.Load(path, new(), new() { IntraOpThreads = 1 }));
        await using var device = await SplitInferenceClient.CreateAsync(new() { Policy = Policies.PolicyNames.AllOnDevice, Execution = { IntraOpThreads = 1 } }, set.Model);
        var random = new Random(seed);
        for (var i = 0; i < Count; i++)
        {
            TensorValue[] inputs = [.. set.Model.Plan.Inputs.Select(input => RandomTensor.Normal(random, input.Type, [.. input.Dimensions.Select(d => d.IsFixed ? d.Size : SymbolSize + (i % 3))]))];
            set._samples.Add((inputs, await device.InferAsync(inputs)));
        }

        return set;
    }

    /// <summary>One of the inputs.</summary>
    public TensorValue[] Inputs(int sample) => _samples[sample % Count].Inputs;

    /// <summary>What is wrong with an answer; null where nothing is.</summary>
    public string? FaultOf(int sample, InferenceResult answer, double tolerance)
    {
        var expected = _samples[sample % Count].Expected.Outputs;
        for (var i = 0; i < expected.Count; i++)
        {
            if (TensorDifference.Between(expected[i], answer.Outputs[i]) is var difference && !difference.IsWithin(tolerance))
                return $"output {i} differs by {difference.MaxAbs:G3} ({answer})";
        }

        return null;
    }

    public void Dispose()
    {
        foreach (var (inputs, expected) in _samples)
        {
            Array.ForEach(inputs, static input => input.Dispose());
            expected.Dispose();
        }
    }
}
