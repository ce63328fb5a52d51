using SplitInfer.Cli.Inputs;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;
using SplitInfer.Testing.Execution;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.Conformance;

/// <summary>What a plan is made of: the file alone, with all of its inputs.</summary>
public sealed class CasePlanTests : IDisposable
{
    private static readonly ExecutionOptions Execution = new() { IntraOpThreads = 1 };

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SharedTheory]
    [InlineData("gqa")]
    [InlineData("if_ranks")]
    [InlineData("reshape_runtime")]
    public void A_plan_does_not_depend_on_sample_inputs(string name)
    {
        var path = PathOf($"plan-depends-on-sample-inputs/{name}.onnx");
        var samples = Path.Combine(Path.GetDirectoryName(path)!, $"inputs-{name}");
        using var model = ModelWithInputs.Load(path, names => TensorFolder.Read(samples, "input", names), new(), Execution, seed: 1);

        var (with, without) = (model.Model.Plan, PartitionedModel.Load(path, null, Execution).Plan);

        Assert.Equal(without.Fingerprint, with.Fingerprint);
        Assert.Equal(without.Partitions.Select(Describe), with.Partitions.Select(Describe));
    }

    [SharedFact]
    public async Task A_default_of_the_file_can_be_replaced_by_an_input()
    {
        var path = PathOf("overridable-initializer/model.onnx");
        using TensorValue x = TensorValue.From<float>([1, -2, 3, -4]), scale = TensorValue.From<float>([10], 1);
        NpyFile.Write(_folder["x.npy"], x);
        NpyFile.Write(_folder["scale.npy"], scale);
        NpyFile.Write(_folder["y.npy"], PlainRun.Of(File.ReadAllBytes(path), ("x", x), ("scale", scale))[0]);

        // The folder holds what plain ONNX Runtime makes of both, so that a scale that is passed over shows.
        (await CommandRun.OfAsync("verify", path, "--inputs", _folder.Path)).AssertVerified();
    }

    [SharedFact]
    public void Caches_among_the_inputs_of_a_model_do_not_keep_it_from_a_server() =>
        Assert.Null(PartitionedModel.Load(PathOf("kv-cache-limit/model.onnx"), null, Execution).Plan.AllOnServer.InadmissibleReason);

    private static string PathOf(string model) => Path.Combine(SharedData.Root!, "cases", "models", model);

    private static string Describe(Partition partition) =>
        $"{partition.Index} {partition.InadmissibleReason} {partition.IsArm} {string.Join(';', partition.Boundary)} {string.Join(';', partition.TailOutputs)}";
}
