using Polly;
using Polly.CircuitBreaker;
using SplitInfer.Client.Attempts;
using SplitInfer.Client.Transport;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;

namespace SplitInfer.Client.Tests.Transport;

/// <summary>Strategies of the application around requests to a server.</summary>
public class ResilienceTests
{
    [Fact]
    public async Task Strategies_go_around_the_clients_retry_and_see_each_request_once()
    {
        var sent = 0;
        await using var server = new ScriptedServer(options: new()
        {
            Resilience = pipeline => pipeline.AddRetry(new()
            {
                // It never retries; it counts what it is shown.
                ShouldHandle = attempt =>
                {
                    Interlocked.Increment(ref sent);
                    return new(false);
                },
            }),
        });
        var waiting = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        (await server.WelcomeAsync()).Dispose();
        var peer = await server.WelcomeAsync();
        await peer.ReceiveAsync(FrameType.Request);
        await peer.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await waiting);
        Assert.Equal(1, sent);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_server_that_says_that_it_stops_and_then_is_gone_has_refused_rather_than_failed(bool hasStrategies)
    {
        var options = new TransportOptions();
        if (hasStrategies) options.Resilience = static pipeline => pipeline.AddTimeout(TimeSpan.FromMinutes(1));
        await using var server = new ScriptedServer(options: options);
        var waiting = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var peer = await server.WelcomeAsync();
        var request = await peer.ReceiveAsync(FrameType.Request);
        await peer.SendAsync(FrameType.GoAway, 0, new GoAway { Reason = (uint)RefusalCode.ShuttingDown });
        await peer.SendAsync(FrameType.Error, request.Header.RequestId, new ErrorHeader { Code = (uint)RefusalCode.ShuttingDown, Message = "It stops." });
        // Once more than after a connection that never worked: what is in front of servers may not have noticed yet.
        for (var attempt = 0; attempt < 2; attempt++) (await server.AcceptAsync()).Dispose();
        Assert.Equal(RefusalCode.ShuttingDown, (await Assert.ThrowsAsync<TailRefusedException>(() => waiting)).Code);
    }

    [Fact]
    public void A_strategy_that_cannot_be_used_is_an_error_of_the_option()
    {
        var error = Assert.Throws<ArgumentException>(() => new ServerPipeline("test://server", static pipeline => pipeline.AddTimeout(TimeSpan.Zero), jitter: null, TimeProvider.System));
        Assert.Contains("Transport.Resilience", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_limit_of_the_application_is_no_fault_of_the_server()
    {
        await using var server = new ScriptedServer(options: new()
        {
            Resilience = static pipeline => pipeline.AddStrategy(static _ => new Limit(), new NoOptions()),
        });
        var refused = await Assert.ThrowsAsync<TailRefusedException>(() => server.Transport.SendAsync(ScriptedServer.Request()).AsTask());
        Assert.Contains("Resilience", refused.Message, StringComparison.Ordinal);
        Assert.IsType<Rejected>(refused.InnerException);
        Assert.True(ServerFault.Is(refused)); // so that the device takes the request
        Assert.False(ServerFault.CountsAgainstHealth(refused));
    }

    [Fact]
    public async Task A_breaker_of_the_application_keeps_requests_from_a_server_that_fails()
    {
        await using var server = new ScriptedServer(options: new()
        {
            Resilience = static pipeline => pipeline.AddCircuitBreaker(new()
            {
                ShouldHandle = static attempt => new(attempt.Outcome.Exception is TailRefusedException),
                FailureRatio = 0.5, MinimumThroughput = 2, BreakDuration = TimeSpan.FromMinutes(1),
            }),
        });
        var first = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var peer = await server.WelcomeAsync();
        await RefuseAsync(1, first);
        await RefuseAsync(2, server.Transport.SendAsync(ScriptedServer.Request()).AsTask());
        await Assert.ThrowsAsync<BrokenCircuitException>(() => server.Transport.SendAsync(ScriptedServer.Request()).AsTask());

        async Task RefuseAsync(ulong id, Task waiting)
        {
            await peer.ReceiveAsync(FrameType.Request);
            await peer.SendAsync(FrameType.Error, id, new ErrorHeader { Code = (uint)RefusalCode.Failed, Message = "No." });
            Assert.Equal(RefusalCode.Failed, (await Assert.ThrowsAsync<TailRefusedException>(() => waiting)).Code);
        }
    }

    /// <summary>What a rate limiter throws, which is in a package of its own.</summary>
    private sealed class Rejected() : ExecutionRejectedException("The limit was reached.");

    private sealed class NoOptions : ResilienceStrategyOptions;

    /// <summary>Lets nothing pass.</summary>
    private sealed class Limit : ResilienceStrategy<TailReply>
    {
        protected override ValueTask<Outcome<TailReply>> ExecuteCore<TState>(Func<ResilienceContext, TState, ValueTask<Outcome<TailReply>>> callback, ResilienceContext context, TState state) =>
            new(Outcome.FromException<TailReply>(new Rejected()));
    }
}
