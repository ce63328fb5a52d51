using SplitInfer.Protocol;
using SplitInfer.Testing;
using SplitInfer.Testing.Attacks;
using SplitInfer.Testing.Wire;
using Xunit.Abstractions;

namespace SplitInfer.IntegrationTests.Hostile;

/// <summary>A thousand clients of one server that are gone at the same moment, some of them in the middle of something.</summary>
[Trait("Category", "Long")]
public class VanishingClientTests(ITestOutputHelper output)
{
    private const int Clients = 1000, AtATime = 16, MoreHandles = 8;

    private static readonly TimeSpan FailureLimit = TimeSpan.FromSeconds(60);

    [LongFact]
    public async Task The_server_goes_on_and_has_its_handles_back()
    {
        await using var server = await AttackedServer.StartAsync(isSecure: false, connections: 2 * Clients);
        var before = server.Handles;
        var target = server.Target(TimeSpan.Zero);
        using var limit = new CancellationTokenSource(FailureLimit);
        var peers = new WirePeer[Clients];
        await Parallel.ForAsync(0, Clients, new ParallelOptions { MaxDegreeOfParallelism = AtATime, CancellationToken = limit.Token }, async (client, stop) =>
        {
            var peer = peers[client] = await target.GreetAsync(stop, AttackModels.Demo);
            var (header, boundary) = (target.Header(AttackModels.Demo), target.Boundary(AttackModels.Demo));
            // Nothing, a part of a request, a request, or one that is answered and unread.
            if (client % 4 == 1) await peer.SendAsync(FrameType.Request, 1, header, boundary.AsMemory(0, 100), isLast: false);
            if (client % 4 == 2) await peer.SendAsync(FrameType.Request, 1, header, boundary);
            if (client % 4 == 3) await peer.SendAsync(FrameType.Ping, 1);
        });
        Assert.True(server.Handles >= before + Clients);

        Parallel.ForEach(peers, static peer => peer.Dispose());

        await server.Polite.RequireServedAsync();
        while (server.Handles > before + MoreHandles) await Task.Delay(20, limit.Token);
        var (served, others, _) = await server.Polite.InferAsync(static requests => requests >= 20);
        Assert.True(server.IsRunning);
        Assert.Equal((20, 0), (served, others));
        output.WriteLine($"the server took {server.Memory.Taken >> 20} MiB for {Clients} clients");
    }
}
