using SplitInfer.Exits;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>A small classifier with exits that nothing taught: any weights do, since the heads say what is to be answered; a high temperature keeps them from being certain.</summary>
internal sealed class UntaughtExits : IDisposable
{
    private readonly TestFolder _folder = new();

    public UntaughtExits()
    {
        ResNet18.Build(size: 32, classes: 10, width: 4).Save(_folder["resnet.onnx"]);
        Model = PartitionedModel.Load(_folder["resnet.onnx"], execution: new() { IntraOpThreads = 1 });
        int[] cuts = [.. Model.Plan.Partitions.Where(static cut => cut is { IsAdmissible: true, Boundary.Length: 1, TailOutputs.Length: 1, Index: > 0 } && cut.Boundary[0].Dimensions.Length == 4).Select(static cut => cut.Index)];
        Cuts = [cuts[0], cuts[cuts.Length / 2], cuts[^1]];
        Inputs = [.. Model.MakeInputs(seed: 7)];
        using var whole = LoadedCut.Load(Model, 0, new() { IntraOpThreads = 1 });
        var outputs = whole.Run(Inputs);
        Own = outputs[0].Span<float>().ToArray();
        foreach (var output in outputs) output.Dispose();
    }

    /// <summary>The classifier.</summary>
    public PartitionedModel Model { get; }

    /// <summary>Cuts on which an exit can stand, rising.</summary>
    public IReadOnlyList<int> Cuts { get; }

    /// <summary>An input.</summary>
    public TensorValue[] Inputs { get; }

    /// <summary>What the model makes of it.</summary>
    public float[] Own { get; }

    /// <summary>A path beside the model.</summary>
    public string this[string name] => _folder[name];

    /// <summary>Exits on cuts.</summary>
    /// <param name="threshold">From what confidence on they answer: of 0 always, of 1 never.</param>
    /// <param name="cuts">The cuts.</param>
    public ModelExits At(double threshold, params IReadOnlyList<int> cuts)
    {
        var random = new Random(3);
        return new()
        {
            Model = Model.Plan.Model, Plan = Model.Plan.Fingerprint, Output = Model.Plan.Outputs[0].Name, Classes = 10, Scores = ExitScores.Logits, Exits = [.. cuts.Select(Make)],
            Promise = new() { MaxLoss = 0.01, Confidence = 0.95, Bound = "ClopperPearson", TrainingSamples = 1, CalibrationSamples = 1, ThresholdSamples = 299, Errors = 0, LossHigh = 0.01, ExitRate = 0.5 },
        };

        ModelExit Make(int cut)
        {
            var value = Model.Plan.Partitions[cut].Boundary[0];
            var features = new ExitFeatures { Place = 0, Name = value.Name, Type = value.Type, Shape = new([.. Model.ShapeOf(value.Name)!.Value]), Pooling = ExitPooling.Grid };
            return new()
            {
                Partition = cut, Features = [features], Temperature = 20, TeachingTemperature = 1, Threshold = threshold, ExitRate = 0.5, Agreement = 0.9,
                Weights = Enumerable.Range(0, 10 * features.Count).Select(_ => (float)(random.NextDouble() - 0.5)).ToArray(), Biases = new float[10],
            };
        }
    }

    /// <summary>Writes exits to a file.</summary>
    public string Save(string name, ModelExits exits)
    {
        ExitsFile.Save(_folder[name], exits);
        return _folder[name];
    }

    /// <summary>What a head makes of the boundary of its cut.</summary>
    /// <param name="exits">The exits.</param>
    /// <param name="exit">Which one, from 1 on.</param>
    public (double Confidence, float[] Scores) Expected(ModelExits exits, int exit)
    {
        using var cut = LoadedCut.Load(Model, exits.Exits[exit - 1].Partition, new() { IntraOpThreads = 1 });
        var boundary = cut.MakeBoundary(Inputs);
        var scores = new float[exits.Classes];
        var answer = new ExitHead(exits, exits.Exits[exit - 1]).Evaluate(boundary, scores);
        foreach (var tensor in boundary) tensor.Dispose();
        return (answer.Confidence, scores);
    }

    /// <summary>Fails unless two outputs are the same but for how numbers are rounded.</summary>
    public static void AssertSame(float[] expected, TensorValue actual) =>
        Assert.All(expected.Zip(actual.Span<float>().ToArray()), static pair => Assert.Equal(pair.First, pair.Second, 1e-3f));

    public void Dispose()
    {
        foreach (var input in Inputs) input.Dispose();
        _folder.Dispose();
    }
}
