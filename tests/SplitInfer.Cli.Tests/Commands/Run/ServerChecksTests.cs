using System.Net;
using System.Net.Sockets;
using SplitInfer.Cli.Commands.Run;
using SplitInfer.Cli.Output;
using SplitInfer.Client.Transport;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Cli.Tests.Commands.Run;

/// <summary>Handshakes with servers that say nothing, and how long who waits for what.</summary>
public sealed class ServerChecksTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromHours(1);

    // Connections are made by the system, and nobody takes them.
    private readonly TcpListener _silent = new(IPAddress.Loopback, 0);
    private readonly StringWriter _error = new();

    public ServerChecksTests() => _silent.Start();

    public void Dispose() => _silent.Dispose();

    [Fact]
    public async Task A_server_that_says_nothing_is_none_once_connecting_takes_too_long()
    {
        await using var checks = await StartAsync(TimeSpan.FromMilliseconds(50), Silent);
        Assert.False(await checks.HasServerAsync());
        Assert.StartsWith("A server cannot be used (silent). ", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_server_that_answers_is_enough_whatever_the_others_do()
    {
        using var folder = new TestFolder();
        UNet.Build(size: 32).Save(folder["unet.onnx"]);
        await using var server = await ServerProcess.StartAsync(folder["unet.onnx"], "--listen", "tcp://127.0.0.1:0", "--json");
        await using var checks = await StartAsync(Long, Silent, new(server.Address));
        Assert.True(await checks.HasServerAsync());
        Assert.Equal("", _error.ToString());
    }

    [Fact]
    public async Task The_end_of_a_run_does_not_wait_for_a_server_that_says_nothing()
    {
        await using var checks = await StartAsync(Long, Silent);
        await checks.EndAsync(patience: TimeSpan.Zero);
        Assert.Equal("", _error.ToString());
    }

    [Fact]
    public async Task Who_stops_the_run_does_not_wait_for_a_server()
    {
        using var stop = new CancellationTokenSource();
        await using var checks = await ServerChecks.StartAsync([Silent], new() { ConnectTimeout = Long }, new(new(TextWriter.Null, _error)), stop.Token);
        var waiting = checks.HasServerAsync();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    private Uri Silent => new($"tcp://{_silent.LocalEndpoint}");

    private Task<ServerChecks> StartAsync(TimeSpan connectTimeout, params Uri[] servers) =>
        ServerChecks.StartAsync(servers, new TransportOptions { ConnectTimeout = connectTimeout }, new(new Terminal(TextWriter.Null, _error)), CancellationToken.None);
}
