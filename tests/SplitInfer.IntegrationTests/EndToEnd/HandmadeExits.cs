using SplitInfer.Exits;
using SplitInfer.Partitioning;
using SplitInfer.Server;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>A small classifier with exits that nothing taught, and a server of it in this process.</summary>
internal static class HandmadeExits
{
    /// <summary>The classifier, which is written to a file first.</summary>
    public static PartitionedModel Model(string path)
    {
        ResNet18.Build(size: 32, classes: 10, width: 4).Save(path);
        return PartitionedModel.Load(path);
    }

    /// <summary>An early, a middle and a late cut that can have an exit.</summary>
    public static IEnumerable<int> Cuts(PartitionedModel model)
    {
        var cuts = model.Plan.Partitions.Where(static partition => partition is { IsAdmissible: true, Boundary.Length: 1, TailOutputs.Length: 1, Index: > 0 } && partition.Boundary[0].Dimensions.Length == 4).Select(static partition => partition.Index).ToArray();
        return [cuts[0], cuts[cuts.Length / 2], cuts[^1]];
    }

    /// <summary>Exits that nothing taught: any weights do, since the heads say what is to be answered.</summary>
    public static ModelExits At(PartitionedModel model, IReadOnlyList<int> cuts, bool answersAll)
    {
        var random = new Random(3);
        var exits = cuts.Select((cut, place) =>
        {
            var value = model.Plan.Partitions[cut].Boundary[0];
            var features = new ExitFeatures { Place = 0, Name = value.Name, Type = value.Type, Shape = new([.. model.ShapeOf(value.Name)!.Value]), Pooling = ExitPooling.Grid };
            return new ModelExit
            {
                Partition = cut, Features = [features], Temperature = 1, TeachingTemperature = 1, Threshold = 0.5, ExitRate = 0, Agreement = 0.9 + (0.01 * place),
                Weights = Enumerable.Range(0, 10 * features.Count).Select(_ => (float)(random.NextDouble() - 0.5)).ToArray(), Biases = new float[10],
            };
        }).ToArray();
        return new()
        {
            Model = model.Plan.Model, Plan = model.Plan.Fingerprint, Output = model.Plan.Outputs[0].Name, Classes = 10, Scores = ExitScores.Logits, Exits = [.. exits],
            Promise = new() { MaxLoss = 0.01, Confidence = 0.95, Bound = "ClopperPearson", TrainingSamples = 1, CalibrationSamples = 1, ThresholdSamples = 1, Errors = 0, LossHigh = 0.01, ExitRate = 0 },
            // However unsure, it was always right: so the first one that is allowed answers.
            Answers = answersAll ? RecordedAnswers.Of([.. exits.Select(static _ => new double[] { 0, 0.5 })], [.. exits.Select(static _ => new[] { true, true })]) : null,
        };
    }

    /// <summary>Serves the model with one set of exits after the other, each under a name of its own.</summary>
    public static async Task<SplitInferServer> ServeAsync(IReadOnlyList<(string Name, ModelExits Exits)> models, PartitionedModel model)
    {
        var options = new SplitInferServerOptions { Listen = { new("tcp://127.0.0.1:0") }, Execution = { IntraOpThreads = 1 } };
        foreach (var (name, exits) in models) options.Models.Add(new(name, "1", model) { Exits = exits });
        return await SplitInferServer.StartAsync(options);
    }
}
