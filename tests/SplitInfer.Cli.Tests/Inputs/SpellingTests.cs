using SplitInfer.Cli.Inputs;

namespace SplitInfer.Cli.Tests.Inputs;

public sealed class SpellingTests
{
    [Theory]
    [InlineData("", "", 0)]
    [InlineData("raw", "RAW", 0)]
    [InlineData("", "raw", 3)]
    [InlineData("raww", "raw", 1)]
    [InlineData("rwa", "raw", 1)]
    [InlineData("ra", "raw", 1)]
    [InlineData("row", "raw", 1)]
    [InlineData("kitten", "sitting", 3)]
    public void Mistakes_are_counted(string from, string to, int expected)
    {
        Assert.Equal(expected, Spelling.Distance(from, to));
        Assert.Equal(expected, Spelling.Distance(to, from));
    }

    [Theory]
    [InlineData("serv", "serve")]
    [InlineData("calib", "calibrate")]
    [InlineData("sevre", "serve")]
    [InlineData("ca", null)]
    [InlineData("teleport", null)]
    public void The_nearest_word_is_suggested_unless_it_is_far(string typed, string? expected) =>
        Assert.Equal(expected, Spelling.Nearest(typed, ["serve", "run", "calibrate"]));

    [Fact]
    public void Nothing_is_nearest_among_nothing() => Assert.Null(Spelling.Nearest("serve", []));
}
