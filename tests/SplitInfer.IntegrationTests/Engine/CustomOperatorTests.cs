using SplitInfer.Execution;
using SplitInfer.IntegrationTests.EndToEnd;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.Engine;

/// <summary>Operators of a library that both ends load, here that of ONNX Runtime Extensions.</summary>
public class CustomOperatorTests
{
    // The package has a managed library of nearly the same name.
    private static readonly string Library = Directory.EnumerateFiles(
        AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "ortextensions.dll" : OperatingSystem.IsMacOS() ? "libortextensions.dylib" : "libortextensions.so", SearchOption.AllDirectories).First();

    [Fact]
    public async Task A_model_that_needs_them_is_cut_around_them()
    {
        await using var deployment = await Deployment.StartAsync(Model(), static o => o.Execution.CustomOperatorLibraries = [Library]);
        await using var client = await deployment.ConnectAsync(static o => o.Execution.CustomOperatorLibraries = [Library]);
        using var x = TensorValue.From<float>([-1, 2, -3]);
        Assert.Equal(4, client.Plan.Partitions.Length);

        foreach (var partition in client.Plan.Partitions.Where(static p => p.IsAdmissible))
        {
            using var result = await client.InferAsync(x, new() { Partition = partition.Index });
            Assert.Equal([1, 0, 3], result.Outputs[0].Span<float>());
        }
    }

    [Fact]
    public async Task Without_the_library_the_message_says_what_is_missing()
    {
        var error = await Assert.ThrowsAsync<Server.Models.ModelRepositoryException>(async () => await Deployment.StartAsync(Model()));
        Assert.Contains(nameof(ExecutionOptions.CustomOperatorLibraries), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_no_library_is_named()
    {
        var error = await Assert.ThrowsAsync<Server.Models.ModelRepositoryException>(async () => await Deployment.StartAsync(Model(), static o => o.Execution.CustomOperatorLibraries = ["nowhere.so"]));
        Assert.Contains("'nowhere.so'", error.Message, StringComparison.Ordinal);
    }

    /// <summary>What of −x is negative, its sign turned: an operator of the library between two of ONNX.</summary>
    private static byte[] Model()
    {
        var g = new GraphBuilder();
        var x = g.Node("Neg", [g.Input("x", ElementType.Float32, 3)]);
        var parts = g.Nodes("ai.onnx.contrib", "NegPos", [x], 2);
        g.Output(g.Relu(parts[1]), "y");
        return g.ToBytes();
    }
}
