using SplitInfer.Cli.Commands.Run;

namespace SplitInfer.Cli.Tests.Commands.Run;

public class FallbackLineTests
{
    [Fact]
    public void Programs_are_told_each_word_once_with_the_most_frequent_first() => Assert.Equal(
        [new("unreachable", 5, "No secure connection."), new("busy", 4, "It is busy.")],
        FallbackLine.Of([("unreachable", 2, "No secure connection."), ("busy", 4, "It is busy."), ("unreachable", 3, "No server.")]));
}
