using SplitInfer.Execution;

namespace SplitInfer.Core.Tests.Execution;

public sealed class ExecutionOptionsTests
{
    public static TheoryData<string, ExecutionOptions> Wrong => new()
    {
        { "IntraOpThreads is -1", new() { IntraOpThreads = -1 } },
        { "IntraOpThreads is 1025", new() { IntraOpThreads = 1025 } },
        { "Optimization is 7", new() { Optimization = (GraphOptimization)7 } },
        { "without nulls", new() { Providers = null! } },
        { "without nulls", new() { Providers = [null!] } },
        { "names CUDA more than once", new() { Providers = [new("CUDA"), new("cudaExecutionProvider")] } },
        { "ShareWeights is set together with Providers", new() { Providers = [new("CUDA")], ShareWeights = true } },
    };

    [Fact]
    public void The_defaults_are_valid() => new ExecutionOptions().Validate();

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_is_wrong_is_said(string words, ExecutionOptions options) =>
        Assert.Contains(words, Assert.Throws<ArgumentException>(options.Validate).Message, StringComparison.Ordinal);
}
