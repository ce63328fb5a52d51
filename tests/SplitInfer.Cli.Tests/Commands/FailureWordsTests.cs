using SplitInfer.Cli.Commands;
using SplitInfer.Client.Telemetry;
using SplitInfer.Client.Transport;
using SplitInfer.Protocol;

namespace SplitInfer.Cli.Tests.Commands;

/// <summary>What people are told of servers that fail.</summary>
public sealed class FailureWordsTests
{
    [Theory]
    [InlineData(0.25, "The server has room again in about 250 ms.")]
    [InlineData(1.5, "The server has room again in about 1.5 s.")]
    public void A_busy_server_is_told_with_the_time_when_it_has_room_again(double seconds, string words)
    {
        var busy = new TailRefusedException(RefusalCode.Busy, "The server is busy.") { RetryAfter = TimeSpan.FromSeconds(seconds) };
        Assert.Equal(("busy", $"The server is busy. {words}"), (FailureWords.KindOf(busy), FailureWords.Of(busy)));
        Assert.True(FailureWords.IsPassing(busy));
    }

    [Theory]
    [InlineData("Set Security.CaFile.", "Set --tls-ca.")]
    [InlineData("Set TransportOptions.Security.ServerName.", "Set --tls-name.")]
    [InlineData("Security.CertificateFile and Security.CertificateKeyFile", "--tls-cert and --tls-key")]
    [InlineData("Security.KeyFile", "--key-file")]
    public void Options_of_a_client_are_named_as_they_are_typed(string message, string words)
    {
        var failure = new ServerUnreachableException(message);
        Assert.Equal(("unreachable", words), (FailureWords.KindOf(failure), FailureWords.Of(failure)));
        Assert.False(FailureWords.IsPassing(failure));
    }

    [Fact]
    public void Programs_are_told_the_word_that_metrics_have()
    {
        Exception[] failures =
        [
            .. Enum.GetValues<RefusalCode>().Append((RefusalCode)1000).Select(static code => new TailRefusedException(code, "Because.")),
            new ServerUnreachableException("It is gone."), new ServerUnreachableException("It says nothing.", new TimeoutException()),
            new TimeoutException(), new OperationCanceledException(), new ProtocolException("It makes no sense."),
        ];
        Assert.All(failures, static failure => Assert.Equal(ErrorKind.Of(failure), FailureWords.WordOf(failure)));
    }

    [Theory]
    [InlineData(RefusalCode.Unauthorized, "wrong key")]
    [InlineData(RefusalCode.DeadlineExceeded, "too late")]
    [InlineData(RefusalCode.CodecNotAllowed, "codec not allowed")]
    [InlineData(RefusalCode.PartitionUnavailable, "partition unavailable")]
    [InlineData((RefusalCode)1000, "refused")]
    public void People_are_told_words_that_they_can_read(RefusalCode code, string words) => Assert.Equal(words, FailureWords.KindOf(new TailRefusedException(code, "Because.")));
}
