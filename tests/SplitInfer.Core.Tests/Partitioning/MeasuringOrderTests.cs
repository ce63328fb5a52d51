using SplitInfer.Partitioning;

namespace SplitInfer.Core.Tests.Partitioning;

public class MeasuringOrderTests
{
    [Fact]
    public void The_ends_come_first_and_then_the_middles_of_ever_smaller_gaps() => Assert.Equal([8, 0, 4, 2, 6, 1, 3, 5, 7], MeasuringOrder.CoarseFirst(9));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(100)]
    public void Every_arm_comes_once(int count) => Assert.Equal(Enumerable.Range(0, count), MeasuringOrder.CoarseFirst(count).Order());
}
