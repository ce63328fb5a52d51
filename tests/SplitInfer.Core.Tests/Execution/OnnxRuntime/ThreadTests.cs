using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Execution.OnnxRuntime;

public sealed class ThreadTests
{
    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(3, false)]
    [InlineData(0, true)]
    [InlineData(2, true)]
    public void Any_number_of_threads_gives_the_same_result(int threads, bool shared)
    {
        var g = new GraphBuilder();
        g.Output(g.Relu(g.Conv(g.Input("x", ElementType.Float32, 1, 3, 32, 32), 8)));
        using var input = RandomTensor.Normal(new(1), ElementType.Float32, 1, 3, 32, 32);
        using var one = g.Load();
        using var other = g.Load(new() { IntraOpThreads = threads, UseSharedThreadPool = shared });

        using var expected = one.RunOne(input);
        using var actual = other.RunOne(input);

        foreach (var (x, y) in expected.Span<float>().ToArray().Zip(actual.Span<float>().ToArray())) Assert.Equal(x, y, 1e-4f);
    }
}
