using SplitInfer.Cli.Inputs;
using SplitInfer.Partitioning;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Cli.Tests.Inputs;

public sealed class CutSampleTests
{
    private static readonly Partition[] Cuts = [.. PartitionedModel.From(Models.OnnxModel.Parse(FunctionNet.Build().ToBytes())).Plan.Partitions];

    [Theory]
    [InlineData(2, "0 9")]
    [InlineData(3, "0 4 9")]
    [InlineData(4, "0 3 6 9")]
    [InlineData(10, "0 1 2 3 4 5 6 7 8 9")]
    [InlineData(100, "0 1 2 3 4 5 6 7 8 9")]
    public void A_sample_is_spread_evenly_from_the_first_to_the_last(int most, string sample) =>
        Assert.Equal(sample, string.Join(' ', CutSample.Of(Cuts, most).Select(static cut => cut.Index)));
}
