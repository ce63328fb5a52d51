using SplitInfer.Client.Policies;
using SplitInfer.Client.Simulation;
using SplitInfer.Client.Simulation.RandomWorlds;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs.Raw;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Offloading;

/// <summary>
/// Plays before the first request what otherwise only happens when a link or a server changes: races, replies that are late, and
/// replies that never come. The runtime compiles it on the way, which takes a slow device as long as several requests, and would
/// fall to those that meet the change.
/// </summary>
internal static class Rehearsal
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    // Time passes here even where a client's stands still.
    private static readonly TimeProvider Clock = TimeProvider.System;

    /// <summary>Plays what there is time for. Nothing that the client knows changes, and no server is called.</summary>
    /// <param name="model">Runs the parts of the device.</param>
    /// <param name="policy">The name of the policy.</param>
    /// <param name="isEnough">Whether to play no more, asked before each scene.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async ValueTask RunAsync(ClientModel model, string policy, Func<bool> isEnough, CancellationToken cancellationToken)
    {
        if (PolicyNames.All.Contains(policy) && !isEnough()) Simulate(policy);
        if (model.Arms.Partitions.FirstOrDefault(static p => p.Head.Nodes > 0 && !p.TailOutputs.IsEmpty) is not { } partition || isEnough()) return;
        Tensor[] inputs = [];
        var server = new ImaginedServer();
        await using var stage = new TailStage(server, new DeafPolicy(), new ArmMask(), Timeout.InfiniteTimeSpan, Clock);
        try
        {
            inputs = model.MakeInputs();
            var arm = model.Arms.Named(partition);
            foreach (var (isRaced, lateAfter, answers) in Scenes())
            {
                if (isEnough()) return;
                server.Answers = answers;
                using var pass = model.Begin(partition, RawCodec.CodecName, inputs, new StageClock(Clock));
                await pass.RunHeadAsync(cancellationToken).ConfigureAwait(false);
                pass.Gather(outlivesCall: true);
                await stage.RunAsync(pass, new() { Arm = arm, IsRaced = isRaced, LateAfterSeconds = lateAfter }, deadline: null, cancellationToken).ConfigureAwait(false);
                while (stage.Late.Count > 0) await Task.Delay(Pause, Clock, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (SplitInferException)
        {
            // What cannot be rehearsed is compiled when it happens.
        }
        finally
        {
            foreach (var input in inputs) input.Dispose();
        }
    }

    // Both win a race, a reply is in time, one is overtaken and one never comes, and the server fails.
    private static IEnumerable<(bool IsRaced, double LateAfterSeconds, Func<CancellationToken, Task> Answers)> Scenes()
    {
        const double Soon = 1e-3, Later = 60;
        yield return (true, Later, static async _ => await Task.Yield());
        yield return (true, Later, static stop => Task.Delay(TimeSpan.FromMilliseconds(50), Clock, stop));
        yield return (false, Later, static async _ => await Task.Yield());
        yield return (false, Soon, static stop => Task.Delay(Timeout.InfiniteTimeSpan, Clock, stop));
        yield return (false, Later, static _ => Task.FromException(new ServerUnreachableException("It is a rehearsal.")));
    }

    private static void Simulate(string policy)
    {
        var world = RandomWorld.Create(WorldKind.LinkSteps, seed: 0);
        foreach (var hasOneCore in (bool[])[false, true])
            foreach (var _ in new Simulator(world, seed: 0).Play(PolicyCatalog.Create(policy, Simulator.SetupOf(world, seed: 0, hasOneCore: hasOneCore)))) { }
    }

    private sealed class ImaginedServer : ITailTransport
    {
        public Func<CancellationToken, Task> Answers { get; set; } = static _ => Task.CompletedTask;

        public async ValueTask<TailReply> SendAsync(TailRequest request, CancellationToken cancellationToken = default)
        {
            await Answers(cancellationToken).ConfigureAwait(false);
            return new([], default);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class DeafPolicy : IPartitionPolicy
    {
        public string Name => nameof(Rehearsal);

        public Decision Decide(in DecisionContext context) => default;

        public void Observe(in Decision decision, in Observation observation)
        {
        }
    }
}
