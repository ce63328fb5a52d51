using GraphOptimizationLevel = Microsoft.ML.OnnxRuntime.GraphOptimizationLevel;
using SplitInfer.Execution;
using SplitInfer.Execution.OnnxRuntime;
using SplitInfer.Models.Onnx;
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
        g.Output(g.Relu(g.Identity(g.Relu(g.Input("x", ElementType.Float32, 2)))));

        Assert.Equal(2, Nodes(new()));
        Assert.Equal(3, Nodes(new() { Configure = static session => session.GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL }));

        int Nodes(ExecutionOptions options) => ModelProto.Parser.ParseFrom(SessionRuns.Engine.Optimize(g.ToBytes(), options, null).Span).Graph.Node.Count;
    }

    [Fact]
    public void An_error_of_the_application_comes_through()
    {
        var g = new GraphBuilder();
        g.Output(g.Relu(g.Input("x", ElementType.Float32, 2)));

        Assert.Throws<InvalidOperationException>(() => g.Load(new() { Configure = static _ => throw new InvalidOperationException("mine") }).Dispose());
        Assert.Throws<KeyNotFoundException>(() => g.Load(new() { Configure = static _ => throw new KeyNotFoundException("mine") }).Dispose());
        var missing = Assert.Throws<EngineException>(() => g.Load(new() { Configure = static session => session.RegisterCustomOpLibrary("absent.so") }).Dispose());
        Assert.Contains("absent.so", missing.Message, StringComparison.Ordinal);
        Assert.Contains("ExecutionOptions.Configure", missing.Message, StringComparison.Ordinal);
        var flavour = Assert.Throws<EngineException>(() => g.Load(new() { Configure = static session => session.AppendExecutionProvider_CUDA(0) }).Dispose());
        Assert.Contains("Microsoft.ML.OnnxRuntime.Gpu", flavour.Message, StringComparison.Ordinal);
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

    /// <summary>For such codes the managed API throws while it looks for their names, as a dictionary does.</summary>
    [Theory]
    [InlineData(13, EngineErrorCode.ModelRequiresCompilation)]
    [InlineData(14, EngineErrorCode.NotFound)]
    [InlineData(99, EngineErrorCode.Fail)]
    public void A_code_that_the_managed_api_has_no_name_for_is_an_error_of_the_engine_too(int code, EngineErrorCode expected)
    {
        var error = Assert.Throws<KeyNotFoundException>(() => new Dictionary<int, string>()[code]);

        Assert.True(EngineErrors.IsEngineError(error));
        Assert.Equal(expected, EngineErrors.Translate(error).Code);
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
