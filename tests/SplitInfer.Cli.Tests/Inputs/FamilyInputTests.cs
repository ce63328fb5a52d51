using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Inputs;
using SplitInfer.Families;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Policies;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Cli.Tests.Inputs;

/// <summary>A family whose first variant takes larger images than the second, and is not among the best.</summary>
public sealed class FamilyInputTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public FamilyInputTests() => FamilyFile.Save(Family, new()
    {
        Model = "large.onnx", Fingerprint = Write("large", 24).Fingerprint, Samples = 100, Machine = "none", Variants = [Write("large", 24) with { IsParetoOptimal = false }, Write("small", 16)],
    });

    private string Family => _folder[FamilyFile.Name];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("large")]
    [InlineData("small")]
    public async Task Inputs_are_made_for_the_variant_that_is_named(string variant)
    {
        var run = await CommandLine.RunAsync("run", _folder.Path, "--variant", variant, "--frames", "1");
        Assert.Equal(("", 0), (run.Error, run.ExitCode));
    }

    [Fact]
    public async Task Variants_that_take_others_than_those_that_were_made_are_refused_in_words()
    {
        var run = await CommandLine.RunAsync("run", _folder.Path, "--frames", "1");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("take different inputs: 'small' take image float32 1×3×16×16", run.Error, StringComparison.Ordinal);

        var model = PartitionedModel.Load(FamilyArgument.MainModelOf(Family));
        var benchmark = new DeadlineBenchmark(new()
        {
            Family = Family, Server = new("tcp://127.0.0.1:1"), Transport = static () => new(), MakeInputs = () => [.. model.MakeInputs(1)], Policies = [PolicyNames.MuLinUcb],
            OneWayMeanMs = 0, OneWayDeviationMs = 0, Slowdown = 1, Requests = 1, Clients = 1, Seed = 1,
        }, TimeProvider.System);
        var error = await Assert.ThrowsAsync<UsageException>(async () => await benchmark.MeasureDeviceAsync(static _ => { }, CancellationToken.None).ToListAsync());
        Assert.Contains("take different inputs", error.Message, StringComparison.Ordinal);
    }

    private FamilyVariant Write(string name, int size)
    {
        var g = new GraphBuilder();
        g.Output(g.Gemm(g.Flatten(g.GlobalAveragePool(g.Relu(g.Conv(g.Input("image", ElementType.Float32, 1, 3, size, size), 8)))), 10), "classes");
        var bytes = g.ToBytes();
        File.WriteAllBytes(_folder[$"{name}.onnx"], bytes);
        return new()
        {
            Name = name, File = $"{name}.onnx", Fingerprint = OnnxModel.Parse(bytes).Fingerprint, Bytes = bytes.Length, Times = [new(1, 1, 1)], Agreement = 1, AgreementLow = 1, Cosine = 1, IsParetoOptimal = true,
        };
    }
}
