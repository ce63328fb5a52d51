using SplitInfer.Cli.Output;

namespace SplitInfer.Cli.Tests.Output;

public sealed class FormatTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(602112, "588 KiB")]
    [InlineData(3.2 * 1024 * 1024, "3.2 MiB")]
    public void Bytes_have_binary_units(double bytes, string text) => Assert.Equal(text, Sizes.Bytes(bytes));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(999, "999")]
    [InlineData(4_100_000_000, "4.1 G")]
    public void Counts_have_decimal_units(double count, string text) => Assert.Equal(text, Sizes.Count(count));

    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "▏")]
    [InlineData(500, "█████")]
    [InlineData(1000, "██████████")]
    public void Bars_are_exact_to_an_eighth_and_never_empty_for_something(double value, string bar) => Assert.Equal(bar, Bar.Of(value, 1000, 10));
}
