using SplitInfer.Cli.Processes;

namespace SplitInfer.Cli.Tests.Processes;

public sealed class DeathTests
{
    [Theory]
    [InlineData(139, "died (signal SIGSEGV)")]
    [InlineData(134, "died (signal SIGABRT)")]
    [InlineData(128 + 31, "died (signal 31)")]
    [InlineData(unchecked((int)0xC0000005), "died (exception 0xC0000005)")]
    [InlineData(3, "ended with code 3")]
    [InlineData(0, "ended with code 0")]
    public void The_end_of_a_process_is_told_in_words(int code, string words) => Assert.Equal(words, Death.Of(code));

    [Fact]
    public void What_kills_for_want_of_memory_is_told_as_that() => Assert.Contains("memory", Death.Of(137), StringComparison.Ordinal);
}
