using SplitInfer.Execution;
using SplitInfer.Execution.OnnxRuntime;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Execution.OnnxRuntime;

public sealed class ConfigureTests
{
    [Fact]
    public void The_application_can_set_whatever_a_session_knows()
    {
        using var folder = new TestFolder();
        var options = new ExecutionOptions
        {
            IntraOpThreads = 1,
            Configure = session =>
            {
                session.OptimizedModelFilePath = folder["model.onnx"];
                session.AddSessionConfigEntry("session.optimized_model_external_initializers_file_name", "weights.bin");
                session.AddSessionConfigEntry("session.optimized_model_external_initializers_min_size_in_bytes", "1");
            },
        };
        var g = new GraphBuilder();
        g.Output(g.Dense(g.Input("x", ElementType.Float32, 2, 64), 64));

        g.Load(options).Dispose();

        Assert.True(File.Exists(folder["weights.bin"]));
    }

    [Fact]
    public void What_the_application_sets_comes_last()
    {
        var g = new GraphBuilder();
        g.Output(g.Relu(g.Relu(g.Input("x", ElementType.Float32, 2))));
        var seen = 0;
        var options = new ExecutionOptions { IntraOpThreads = 1, Optimization = GraphOptimization.Basic, Configure = session => seen = (int)session.GraphOptimizationLevel };

        g.Load(options).Dispose();

        Assert.Equal((int)GraphOptimization.Basic, seen);
    }

    [Fact]
    public void An_error_of_the_application_comes_through()
    {
        var g = new GraphBuilder();
        g.Output(g.Relu(g.Input("x", ElementType.Float32, 2)));

        Assert.Throws<InvalidOperationException>(() => g.Load(new() { Configure = static _ => throw new InvalidOperationException("mine") }).Dispose());
        var missing = Assert.Throws<EngineException>(() => g.Load(new() { Configure = static session => session.RegisterCustomOpLibrary("absent.so") }).Dispose());
        Assert.Contains("absent.so", missing.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("InvalidGraph", EngineErrorCode.InvalidGraph)]
    [InlineData("NotImplemented", EngineErrorCode.NotImplemented)]
    [InlineData("InvalidArgument", EngineErrorCode.InvalidArgument)]
    public void The_code_of_an_error_is_read_from_its_text(string name, EngineErrorCode code)
    {
        var error = Assert.Throws<EngineException>(() => Wrong(code).Load().Dispose());

        Assert.Equal(code, error.Code);
        Assert.DoesNotContain("ErrorCode", error.EngineMessage, StringComparison.Ordinal);
        Assert.EndsWith($"({name})", error.Message, StringComparison.Ordinal);
    }

    /// <summary>For such codes the managed API throws while it looks for their names.</summary>
    [Fact]
    public void A_code_that_the_managed_api_has_no_name_for_is_an_error_of_the_engine_too()
    {
        var error = new KeyNotFoundException("The given key '14' was not present in the dictionary.");

        Assert.True(EngineErrors.IsEngineError(error));
        Assert.Same(error, EngineErrors.Translate(error).InnerException);
    }

    private static GraphBuilder Wrong(EngineErrorCode code)
    {
        var g = new GraphBuilder(opset: 21, irVersion: 10);
        g.Output(code switch
        {
            EngineErrorCode.InvalidGraph => g.Node("NoSuchOperator", [g.Input("x", ElementType.Float32, 1)]),
            EngineErrorCode.NotImplemented => g.Relu(g.Input("x", ElementType.BFloat16, 1)),
            _ => g.Cast(g.Input("x", ElementType.Float8E5M2, 1), ElementType.Float32),
        });
        return g;
    }
}
