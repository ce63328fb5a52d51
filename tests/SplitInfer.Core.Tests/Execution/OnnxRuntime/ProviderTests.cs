using SplitInfer.Execution;
using SplitInfer.Execution.OnnxRuntime;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Execution.OnnxRuntime;

public sealed class ProviderTests
{
    [Theory]
    [InlineData("CPU")]
    [InlineData("cpuexecutionprovider")]
    public void The_cpu_can_be_named(string name)
    {
        var g = new GraphBuilder();
        g.Output(g.Relu(g.Input("x", ElementType.Float32, 1)));
        using var session = g.Load(new() { Providers = [new(name)] });
        using var input = TensorValue.From<float>([3], 1);

        using var output = session.RunOne(input);

        Assert.Equal(3, output.Span<float>()[0]);
    }

    [Fact]
    public void An_unknown_provider_is_refused_with_a_list_of_the_known()
    {
        var g = new GraphBuilder();
        g.Output(g.Relu(g.Input("x", ElementType.Float32, 1)));

        var error = Assert.Throws<UnknownExecutionProviderException>(() => g.Load(new() { Providers = [new("Abacus")] }).Dispose());

        Assert.Equal("Abacus", error.Provider);
        Assert.Contains("CPUExecutionProvider", error.Available);
        Assert.Contains("CPUExecutionProvider", error.Message, StringComparison.Ordinal);
    }

    /// <summary>A library may list a provider whose own library is missing, or whose device is; that must not look like success.</summary>
    [Fact]
    public void A_provider_that_is_listed_either_works_or_says_why_not()
    {
        var g = new GraphBuilder();
        g.Output(g.Relu(g.Input("x", ElementType.Float32, 2)));
        foreach (var provider in OnnxRuntimeEnvironment.For(new()).AvailableProviders)
        {
            try
            {
                using var session = g.Load(new() { Providers = [new(provider)] });
                using var input = TensorValue.From<float>([-1, 3]);
                using var output = session.RunOne(input);
                Assert.Equal([0f, 3], output.Span<float>().ToArray());
            }
            catch (EngineException e)
            {
                Assert.NotEqual("CPUExecutionProvider", provider);
                Assert.NotEqual(EngineErrorCode.None, e.Code);
            }
        }
    }
}
