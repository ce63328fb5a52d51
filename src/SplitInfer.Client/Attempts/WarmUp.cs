using SplitInfer.Client.Arms;
using SplitInfer.Client.Device;
using SplitInfer.Client.Servers;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Policies;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Attempts;

/// <summary>
/// Runs race, late-reply and failure code paths once against a fake server before the first request, so that just-in-time compilation does
/// not slow down real requests.
/// </summary>
internal static class WarmUp
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(10);

    // Time passes here even where a client's clock stands still.
    private static readonly TimeProvider Clock = TimeProvider.System;

    /// <summary>Runs what there is time for. Nothing that the client knows changes, and no server is called.</summary>
    /// <param name="model">Runs the parts of the device.</param>
    /// <param name="arms">The arms, of which the model is the main variant.</param>
    /// <param name="codecs">All codecs.</param>
    /// <param name="shouldStop">Whether to run no more, asked before each scene.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async ValueTask RunAsync(LocalModel model, ArmCatalog arms, CodecRegistry codecs, Func<bool> shouldStop, CancellationToken cancellationToken)
    {
        if (arms.PartitionsOf(variant: 0).FirstOrDefault(static p => p.Head.Nodes > 0 && !p.TailOutputs.IsEmpty) is not { } partition || shouldStop()) return;
        TensorValue[] inputs = [];
        var server = new FakeServer();
        await using var background = new BackgroundWork();
        var health = new ServerHealth(server, nameof(WarmUp), onRoundTrip: null, onProfile: null, onChange: null, TimeSpan.MaxValue, Clock);
        await using var servers = new ServerSet([new(nameof(WarmUp), server, health)]);
        var sink = new OutcomeSink(servers, new IgnorantPolicy(), new ArmMask(), heads: null, recorder: null);
        var executors = new ExecutorSet(servers, codecs, new([new("", model)]), sink, background, DeadlineRescue.None, fallsBack: true, learns: true, silencePatience: TimeSpan.MaxValue, maxExtraWork: 1, arms, Clock);
        try
        {
            inputs = model.MakeInputs();
            var arm = new Arm(0, 0, partition.Index, 0, 0, Server: 0);
            foreach (var (isRaced, lateAfter, replies) in Scenes())
            {
                if (shouldStop()) return;
                server.Replies = replies;
                var decision = new Decision { Arm = arm, IsRaced = isRaced, LateAfterSeconds = lateAfter };
                using var attempt = new Attempt(model[partition.Index], arms.CodecOfNamed, decision, inputs, default, sink, Clock);
                await attempt.RunHeadAsync(cancellationToken).ConfigureAwait(false);
                attempt.CollectBoundary();
                attempt.SetOut(copyInputs: true, isSent: true);
                attempt.Complete(await executors.Chosen.RunAsync(attempt, cancellationToken).ConfigureAwait(false));
                sink.Publish(attempt.CreateOutcome(OutcomeKind.Completed));
                while (executors.Late.Count > 0) await Task.Delay(PollInterval, Clock, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (SplitInferException)
        {
            // What cannot be warmed up is compiled when it happens.
        }
        finally
        {
            foreach (var input in inputs) input.Dispose();
        }
    }

    // Either side wins a race, a reply is in time, one is overtaken and one never comes, and the server fails.
    private static IEnumerable<(bool IsRaced, double LateAfterSeconds, Func<CancellationToken, Task> Replies)> Scenes()
    {
        const double Soon = 1e-3, Later = 60;
        yield return (true, Later, static async _ => await Task.Yield());
        yield return (true, Later, static stop => Task.Delay(TimeSpan.FromMilliseconds(50), Clock, stop));
        yield return (false, Later, static async _ => await Task.Yield());
        yield return (false, Soon, static stop => Task.Delay(Timeout.InfiniteTimeSpan, Clock, stop));
        yield return (false, Later, static _ => Task.FromException(new ServerUnreachableException("This is the warm-up.")));
    }

    private sealed class FakeServer : ITailTransport
    {
        public Func<CancellationToken, Task> Replies { get; set; } = static _ => Task.CompletedTask;

        public async ValueTask<TailReply> SendAsync(TailRequest request, CancellationToken cancellationToken = default)
        {
            await Replies(cancellationToken).ConfigureAwait(false);
            return new([], default);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class IgnorantPolicy : IPartitionPolicy
    {
        public string Name => nameof(WarmUp);

        public Decision Decide(in DecisionContext context) => default;

        public void Observe(in Outcome outcome)
        {
        }
    }
}
