using SplitInfer.Execution;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Execution.OnnxRuntime;

public sealed class ModelSourceTests
{
    private static readonly ExecutionOptions Options = new() { IntraOpThreads = 1 };

    [Fact]
    public void Bytes_a_file_and_external_data_give_the_same_model()
    {
        using var folder = new TestFolder();
        Dense().Save(folder["plain/größe.onnx"]);
        Dense().Save(folder["apart/model.onnx"], "weights.bin");
        Assert.True(File.Exists(folder["apart/weights.bin"]));

        var expected = Result(SessionRuns.Engine.Load(File.ReadAllBytes(folder["plain/größe.onnx"]), Options));
        Assert.Equal(expected, Result(SessionRuns.Engine.LoadFile(folder["plain/größe.onnx"], Options)));
        Assert.Equal(expected, Result(SessionRuns.Engine.LoadFile(folder["apart/model.onnx"], Options)));
        Assert.Equal(expected, Result(SessionRuns.Engine.Load(File.ReadAllBytes(folder["apart/model.onnx"]), Options, Path.Combine(folder.Path, "apart"))));
    }

    [Fact]
    public void External_data_that_is_not_there_is_named()
    {
        using var folder = new TestFolder();
        Dense().Save(folder["model.onnx"], "weights.bin");
        File.Delete(folder["weights.bin"]);

        var error = Assert.Throws<EngineException>(() => SessionRuns.Engine.Load(File.ReadAllBytes(folder["model.onnx"]), Options, folder.Path).Dispose());

        Assert.Contains("weights.bin", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("this is no model")]
    public void What_is_no_model_is_refused(string text) =>
        Assert.Throws<EngineException>(() => SessionRuns.Engine.Load(System.Text.Encoding.UTF8.GetBytes(text), Options).Dispose());

    [Fact]
    public void An_error_carries_the_message_of_the_engine()
    {
        var g = new GraphBuilder();
        g.Output(g.Node("NoSuchOperator", [g.Input("x", ElementType.Float32, 1)]));

        var error = Assert.Throws<EngineException>(() => g.Load().Dispose());

        Assert.Contains("NoSuchOperator", error.Message, StringComparison.Ordinal);
        Assert.NotEqual(EngineErrorCode.None, error.Code);
    }

    [Fact]
    public void A_run_that_fails_carries_the_message_of_the_engine_and_leaves_the_session_usable()
    {
        var g = new GraphBuilder();
        var x = g.Input("x", ElementType.Float32, 6);
        g.Output(g.Node("Reshape", [x, g.Input("shape", ElementType.Int64, 2)]));
        using var session = g.Load();
        using var input = RandomTensor.Normal(new(1), ElementType.Float32, 6);
        using var wrong = TensorValue.From<long>([4, 2]);
        using var right = TensorValue.From<long>([3, 2]);

        var error = Assert.Throws<EngineException>(() => session.Run(input, wrong));
        using var output = session.RunOne(input, right);

        Assert.Contains("Reshape", error.Message, StringComparison.Ordinal);
        Assert.Equal(new TensorShape(3, 2), output.Shape);
    }

    private static GraphBuilder Dense()
    {
        var g = new GraphBuilder();
        g.Output(g.Dense(g.Input("x", ElementType.Float32, 2, 64), 64));
        return g;
    }

    private static float[] Result(IEngineSession session)
    {
        using (session)
        using (var input = RandomTensor.Normal(new(1), ElementType.Float32, 2, 64))
        using (var output = session.RunOne(input))
            return output.Span<float>().ToArray();
    }
}
