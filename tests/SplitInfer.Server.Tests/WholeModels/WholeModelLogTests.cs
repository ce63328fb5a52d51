using Microsoft.Extensions.Time.Testing;
using SplitInfer.Protocol;
using SplitInfer.Server.Tests.Connections;

namespace SplitInfer.Server.Tests.WholeModels;

/// <summary>Who runs a server finds out which client sends what no model takes.</summary>
public sealed class WholeModelLogTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task A_request_that_the_model_does_not_take_is_logged_with_its_client_and_not_without_bounds()
    {
        await using var client = new ScriptedClient(time: _time);
        var server = new WholeModelServer(client);
        for (var i = 0; i < 100; i++)
        {
            using var request = server.Begin(server.Connect("hostile"));
            request.Reject(RefusalCode.InvalidPayload, "Input 'x\r\nInformation: all is well' is missing.");
        }

        var lines = client.Log.Entries.Where(static entry => entry.Id.Name == "RequestInvalid").Select(static entry => entry.Message).ToArray();
        Assert.Equal(10, lines.Length);
        Assert.All(lines, static line => Assert.StartsWith(@"A request of hostile:1 is none that model takes: Input 'x\u000D\u000AInformation", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_request_that_came_too_late_is_counted_and_not_logged_on_its_own()
    {
        await using var client = new ScriptedClient(time: _time);
        var server = new WholeModelServer(client);
        using (var request = server.Begin(server.Connect())) request.Reject(RefusalCode.DeadlineExceeded, "Too late.");
        Assert.Empty(client.Log.Entries);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Contains(" 1 because their deadline could not be kept", Assert.Single(client.Log.Entries).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_probe_of_the_server_itself_is_logged_nowhere()
    {
        await using var client = new ScriptedClient(time: _time);
        var server = new WholeModelServer(client);
        using (var request = server.Begin(server.Connect(), codec: null)) request.Reject(RefusalCode.InvalidPayload, "It is none.");
        Assert.Empty(client.Log.Entries);
    }
}
