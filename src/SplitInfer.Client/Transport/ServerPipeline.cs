using System.ComponentModel.DataAnnotations;
using System.Runtime.CompilerServices;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;
using SplitInfer.Protocol;

namespace SplitInfer.Client.Transport;

/// <summary>
/// What happens around one server when it fails a request: the application's own strategies and, inside of them, one retry. The retry happens only
/// where nothing of the reply has come: after a lost connection and after a server that stops, within a budget, so that a server in trouble is not
/// asked twice by everybody; after a model that the server has closed, always. Where a connection that worked was lost and the next ends before it has begun, there
/// is another retry: a proxy gives new connections to a server that is gone until it has noticed. Thread-safe.
/// </summary>
internal sealed class ServerPipeline
{
    // Clients that lose a server together do not come back together.
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(50);

    private static readonly ResiliencePropertyKey<TailRefusedException> Stopping = new("SplitInfer.Stopping");

    private static readonly ResiliencePropertyKey<bool> HadConnection = new("SplitInfer.HadConnection");

    private readonly RetryBudget _budget = new();
    private readonly ResiliencePipeline<TailReply> _pipeline;
    private readonly bool _isConfigured;

    /// <summary>Sends a request once.</summary>
    public delegate ValueTask<TailReply> Sending(RemoteTailTransport transport, TailRequest request, CancellationToken cancellationToken);

    /// <param name="address">What the server is called in Polly's telemetry.</param>
    /// <param name="configure">Adds the application's strategies; null for none.</param>
    /// <param name="jitter">Spreads retries; null retries at once.</param>
    /// <param name="time">The clock.</param>
    public ServerPipeline(string address, Action<ResiliencePipelineBuilder<TailReply>>? configure, Random? jitter, TimeProvider time)
    {
        var builder = new ResiliencePipelineBuilder<TailReply> { Name = address, TimeProvider = time };
        _isConfigured = configure is not null;
        try
        {
            configure?.Invoke(builder);
        }
        catch (ValidationException wrong)
        {
            throw new ArgumentException($"The option Transport.{nameof(TransportOptions.Resilience)} adds a strategy that cannot be used: {wrong.Message}", nameof(configure), wrong);
        }

        builder.AddRetry(new RetryStrategyOptions<TailReply>
        {
            MaxRetryAttempts = 2,
            ShouldHandle = attempt => new(attempt.AttemptNumber == 0 ? MayRepeat(attempt.Outcome.Exception) : MayRepeatOnce(attempt.Outcome.Exception, attempt.Context)),
            // A model that the server has closed is opened again at once: the connection is good.
            OnRetry = static attempt =>
            {
                if (attempt.Outcome.Exception is TailRefusedException { Code: RefusalCode.ShuttingDown } stopping) attempt.Context.Properties.Set(Stopping, stopping);
                attempt.Context.Properties.Set(HadConnection, attempt.Outcome.Exception is not ServerUnreachableException { NeverBegan: true });
                return default;
            },
            DelayGenerator = attempt => new(IsClosedModel(attempt.Outcome.Exception) || jitter is null ? TimeSpan.Zero : Draw(jitter) + (attempt.AttemptNumber == 0 ? TimeSpan.Zero : LongestPause)),
        });
        _pipeline = builder.Build();
    }

    /// <summary>Sends a request through the pipeline.</summary>
    /// <param name="send">Sends it once. The caller of the pipeline owns the reply.</param>
    /// <param name="transport">The transport that sends it.</param>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Withdraws the request.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<TailReply> ExecuteAsync(Sending send, RemoteTailTransport transport, TailRequest request, CancellationToken cancellationToken)
    {
        Exception? first = null;
        // Without strategies of the application only a failure has anything to do with the pipeline, which allocates for each execution.
        if (!_isConfigured)
        {
            try
            {
                var reply = await send(transport, request, cancellationToken).ConfigureAwait(false);
                _budget.Earn();
                return reply;
            }
            catch (Exception failure) when (IsRepeatable(failure) && !cancellationToken.IsCancellationRequested)
            {
                first = failure;
            }
        }

        return await ExecuteAsync(send, transport, request, first, cancellationToken).ConfigureAwait(false);
    }

    private async Task<TailReply> ExecuteAsync(Sending send, RemoteTailTransport transport, TailRequest request, Exception? first, CancellationToken cancellationToken)
    {
        var context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: false, cancellationToken);
        try
        {
            var box = new StrongBox<Exception?>(first);
            var reply = await _pipeline.ExecuteAsync(
                static (context, state) => Interlocked.Exchange(ref state.box.Value, null) is { } failed
                    ? ValueTask.FromException<TailReply>(failed)
                    : state.send(state.transport, state.request, context.CancellationToken),
                context, (send, transport, request, box)).ConfigureAwait(false);
            _budget.Earn();
            return reply;
        }
        catch (ServerUnreachableException) when (context.Properties.TryGetValue(Stopping, out var stopping))
        {
            // It has stopped meanwhile, as it said, and there is no other behind its address: that is no fault of the server.
            throw Refusals.Copy(stopping);
        }
        catch (ExecutionRejectedException rejected) when (rejected is not (TimeoutRejectedException or BrokenCircuitException))
        {
            // A limit of the application's own says nothing of the server, which may not even have heard of the request.
            throw new TailRefusedException(RefusalCode.LimitExceeded, $"A strategy of {nameof(TransportOptions.Resilience)} did not let the request pass to the server: {rejected.Message.TrimEnd('.')}. Send fewer requests, or let the strategy pass more.", rejected);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private static TimeSpan Draw(Random jitter)
    {
        lock (jitter) return LongestPause * jitter.NextDouble();
    }

    private static bool IsRepeatable(Exception? failure) => failure switch
    {
        // This can happen once without a fault: the server has closed the model, or drains the connection. One that stops may have others behind the same address.
        TailRefusedException refused => refused.Code is RefusalCode.ModelClosed or RefusalCode.ShuttingDown,
        // A path that forgets connections, or a server that restarts, fails the first request behind it.
        ServerUnreachableException lost => lost.MayBeRepeated,
        _ => false,
    };

    private static bool IsClosedModel(Exception? failure) => failure is TailRefusedException { Code: RefusalCode.ModelClosed };

    private bool MayRepeatOnce(Exception? failure, ResilienceContext context) =>
        failure is ServerUnreachableException { NeverBegan: true } && context.Properties.GetValue(HadConnection, false) && _budget.TrySpend();

    private bool MayRepeat(Exception? failure) => IsRepeatable(failure) && (IsClosedModel(failure) || _budget.TrySpend());
}
