using System.Diagnostics;
using SplitInfer.Testing;
using SplitInfer.Testing.Attacks;
using Xunit.Abstractions;

namespace SplitInfer.IntegrationTests.Hostile;

/// <summary>
/// Each attack on a real server, with a polite client beside it: every request of that client is served and right, the server's memory stays within the
/// bound that its options state, and what the attacker held is given back. How fast the polite client is, <see cref="FairnessTests"/> measures.
/// </summary>
[Trait("Category", "Long")]
public class HostileClientTests(ITestOutputHelper output)
{
    private const int Requests = 60;

    // Of handles that others than the attacker open and close meanwhile, such as those of files that are read.
    private const int MoreHandles = 8;

    // Ten messages of a kind at first and one a second from then on, some with an exception; an attack causes one or two kinds.
    private const int MessagesAtFirst = 10, Kinds = 2, MessageLength = 4096;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2), FailureLimit = TimeSpan.FromSeconds(60);

    public static TheoryData<string> Open => [.. AttackCatalog.Names(isSecure: false)];

    public static TheoryData<string> Secure => [.. AttackCatalog.Names(isSecure: true)];

    [LongTheory]
    [MemberData(nameof(Open))]
    public Task Others_are_served(string attack) => CheckAsync(attack, isSecure: false);

    [LongTheory]
    [MemberData(nameof(Secure))]
    public Task Others_are_served_over_TLS(string attack) => CheckAsync(attack, isSecure: true);

    private async Task CheckAsync(string name, bool isSecure)
    {
        await using var server = await AttackedServer.StartAsync(isSecure);
        var before = server.Handles;
        var (target, began) = (server.Target(Pause), Stopwatch.GetTimestamp());
        using var stop = new CancellationTokenSource();
        var attack = AttackCatalog.All[name].RunAsync(target, stop.Token);
        using (var limit = new CancellationTokenSource(FailureLimit))
        {
            while (target.Connections == 0) await Task.Delay(10, limit.Token);
        }

        var (served, others, failure) = await server.Polite.InferAsync(static requests => requests >= Requests);
        await stop.CancelAsync();
        await attack.WaitAsync(FailureLimit);

        Assert.True(server.IsRunning, "The server has ended.");
        Assert.True(others == 0, $"{others} of {served + others} requests were not served. {failure?.Message}");
        var (taken, bound) = server.Memory;
        output.WriteLine($"{target.Connections} connections of the attacker; the server took {taken >> 20} MiB of {bound >> 20} and logged {server.Logged} characters");
        Assert.InRange(taken, long.MinValue, bound);
        Assert.InRange(server.Logged, 0, Kinds * MessageLength * (MessagesAtFirst + 1 + Stopwatch.GetElapsedTime(began).TotalSeconds));
        using var patience = new CancellationTokenSource(FailureLimit);
        while (server.Handles > before + MoreHandles) await Task.Delay(20, patience.Token);
        await server.Polite.RequireServedAsync();
    }
}
