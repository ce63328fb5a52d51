using System.Net;
using Spectre.Console;
using SplitInfer.Cli.Commands.Top;

namespace SplitInfer.Cli.Tests.Commands.Top;

/// <summary>Reads of a server that comes and goes, or is none.</summary>
public sealed class MonitorFeedTests
{
    private const string First = """{"version":1,"unix_seconds":1,"clients":[]}""", Second = """{"version":1,"unix_seconds":2,"clients":null,"more":7}""";

    [Fact]
    public async Task It_connects_again_where_the_server_has_gone_and_tells_so()
    {
        using var server = new ServerOf(() => Lines(First), static () => throw new HttpRequestException("refused"), () => Lines(Second, First));
        List<string> lines = [], away = [];
        await server.Feed().FollowAsync(
            (line, _) =>
            {
                lines.Add(line);
                return lines.Count < 3;
            },
            gone => away.Add(gone.Message),
            CancellationToken.None);
        Assert.Equal([First, Second, First], lines);
        Assert.Collection(away, static message => Assert.Contains("closed the connection", message, StringComparison.Ordinal), static message => Assert.Contains("cannot be reached: refused.", message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("<html>", "no server of SplitInfer")]
    [InlineData("[]", "no server of SplitInfer")]
    [InlineData("null", "no server of SplitInfer")]
    [InlineData("""{"version":"x"}""", "no server of SplitInfer")]
    [InlineData("""{"version":0}""", "no server of SplitInfer")]
    [InlineData("""{"version":2}""", "Update the tool")]
    public async Task What_is_no_sample_ends_it(string line, string expected)
    {
        using var server = new ServerOf(() => Lines(First, line));
        var error = await Assert.ThrowsAsync<MonitorException>(() => server.Feed().FollowAsync(static (_, _) => true, static _ => Assert.Fail("It is not to be tried again."), CancellationToken.None));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_line_without_an_end_is_not_kept()
    {
        using var server = new ServerOf(static () => new(HttpStatusCode.OK) { Content = new StreamContent(new Endless()) });
        await Assert.ThrowsAsync<MonitorException>(() => server.Feed().FollowAsync(static (_, _) => true, static _ => { }, CancellationToken.None));
    }

    [Theory]
    [InlineData(HttpStatusCode.Unauthorized, "--key-file F")]
    [InlineData(HttpStatusCode.Forbidden, "why not")]
    [InlineData(HttpStatusCode.NotFound, "serve --http")]
    [InlineData(HttpStatusCode.Found, "refuses (302)")]
    public async Task Who_is_refused_is_told_why(HttpStatusCode status, string expected)
    {
        using var server = new ServerOf(() => new(status) { Content = new StringContent("""{"error":"why not"}""") });
        var error = await Assert.ThrowsAsync<MonitorException>(() => server.Feed().FollowAsync(static (_, _) => true, static _ => { }, CancellationToken.None));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_screen_shows_that_the_server_is_away_and_ends_on_q()
    {
        var isAsked = new TaskCompletionSource();
        using var server = new ServerOf(() => Lines(First), () =>
        {
            isAsked.SetResult();
            return Lines(Second);
        }, () => throw new HttpRequestException("refused"));
        using var output = new StringWriter();
        var console = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(output), Ansi = AnsiSupport.Yes, Interactive = InteractionSupport.Yes });
        (console.Profile.Width, console.Profile.Height) = (80, 30);
        await new TopScreen(console, "http://server", TopOrder.Default, () => isAsked.Task.IsCompleted ? 'q' : null, TimeProvider.System).RunAsync(server.Feed(), CancellationToken.None);
        Assert.Contains("http://server has closed the connection.", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("No client is connected.", output.ToString(), StringComparison.Ordinal);
        // The cursor is there again.
        Assert.EndsWith("\u001b[?25h", output.ToString().TrimEnd(), StringComparison.Ordinal);
    }

    private static HttpResponseMessage Lines(params string[] lines) => new(HttpStatusCode.OK) { Content = new StringContent(string.Concat(lines.Select(static line => line + "\n"))) };

    /// <summary>Answers each request with the next of what is given, and the last of it from then on.</summary>
    private sealed class ServerOf(params Func<HttpResponseMessage>[] answers) : HttpMessageHandler
    {
        private int _next;

        public MonitorFeed Feed() => new(new(this, disposeHandler: false), new("http://server/"), TimeSpan.FromSeconds(1), keyFile: null, TimeProvider.System);

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Assert.Equal("http://server/v2/monitor?interval_seconds=1", request.RequestUri!.ToString());
            return Task.FromResult(answers[Math.Min(_next++, answers.Length - 1)]());
        }
    }

    private sealed class Endless : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            buffer.Span.Fill((byte)' ');
            return new(buffer.Length);
        }
    }
}
