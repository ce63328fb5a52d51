using SplitInfer.Client;
using SplitInfer.Codecs;
using SplitInfer.Emulation;
using SplitInfer.Exits;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>What device and server take for a model at the least, so that what anybody could have had by a deadline is known.</summary>
/// <param name="WholeSeconds">The model on the device.</param>
/// <param name="ExitSeconds">Its head up to each exit on the device.</param>
/// <param name="Cuts">What it takes with a server, by cut.</param>
internal sealed record AnytimeProfile(double WholeSeconds, IReadOnlyList<double> ExitSeconds, IReadOnlyList<AnytimeProfile.Cut> Cuts)
{
    private const int FastRuns = 50, Runs = 9, EncodedSamples = 8;

    /// <summary>The answer that there is none.</summary>
    public const int NoAnswer = -1;

    // The emulated link is no more exact than timers are.
    private static readonly TimeSpan LinkError = TimeSpan.FromMilliseconds(1);

    /// <summary>
    /// The best answer to a request that anybody could have had by its deadline: the model's own, where the device alone has it by then or the server could have replied over the best cut; else that of the
    /// deepest exit that the device comes to. A bound from above: the server runs at once, its connection is there, the fastest runs count and the shortest payloads, the best link that there was during the request counts for all of
    /// it, and what could not pass for a while is only what passes.
    /// </summary>
    /// <param name="deadline">The deadline.</param>
    /// <param name="links">What the link was like during the request.</param>
    /// <param name="dark">How long of it no reply could come.</param>
    /// <returns>0 for the model's answer, the number of an exit, or <see cref="NoAnswer"/>.</returns>
    public int BestAnswer(TimeSpan deadline, IEnumerable<LinkConditions> links, TimeSpan dark)
    {
        var (all, open) = (deadline.TotalSeconds, (deadline - dark).TotalSeconds);
        if (WholeSeconds <= all) return 0;
        foreach (var link in links)
        {
            foreach (var cut in Cuts)
            {
                var remote = (link.TransferTime(cut.PayloadBytes) + link.RoundTrip - LinkError).TotalSeconds + cut.TailSeconds;
                if (remote <= open && cut.HeadSeconds + remote <= all) return 0;
            }
        }

        for (var exit = ExitSeconds.Count; exit > 0; exit--)
            if (ExitSeconds[exit - 1] <= all) return exit;
        return NoAnswer;
    }

    /// <summary>Measures it.</summary>
    /// <param name="client">A client with the device and the server, over a link that takes no time.</param>
    /// <param name="device">The device. What its fastest run is has to be found before it is slowed down, or it would grow faster later.</param>
    /// <param name="slowdown">How many times as long it takes from then on.</param>
    /// <param name="model">The model.</param>
    /// <param name="exits">Its exits.</param>
    /// <param name="samples">Some inputs.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<AnytimeProfile> MeasureAsync(SplitInferenceClient client, EmulatedDevice device, double slowdown, PartitionedModel model, ModelExits exits, IReadOnlyList<TensorValue[]> samples, CancellationToken cancellationToken)
    {
        Partition[] arms = [.. model.Plan.Arms.Where(static arm => !arm.Boundary.IsEmpty)];
        device.Slowdown = 1;
        foreach (var partition in exits.Exits.Select(static exit => exit.Partition).Concat(arms.Select(static arm => arm.Index)).Append(model.Plan.AllOnDevice.Index).Distinct())
            for (var run = 0; run < FastRuns; run++) (await client.InferAsync(samples[run % samples.Count], new() { Partition = partition }, cancellationToken).ConfigureAwait(false)).Dispose();
        device.Slowdown = slowdown;
        var whole = await RunAsync(model.Plan.AllOnDevice.Index).ConfigureAwait(false);
        var reached = new List<double>();
        foreach (var exit in exits.Exits) reached.Add((await RunAsync(exit.Partition).ConfigureAwait(false)).Head);
        var cuts = new List<Cut>();
        foreach (var arm in arms)
        {
            var (head, tail, _) = await RunAsync(arm.Index).ConfigureAwait(false);
            cuts.Add(new(arm.Index, head, ShortestPayload(model, arm.Index, samples), tail));
        }

        return new(whole.Total, reached, cuts);

        async Task<(double Head, double Tail, double Total)> RunAsync(int partition)
        {
            var (head, tail, total) = (double.PositiveInfinity, double.PositiveInfinity, double.PositiveInfinity);
            for (var run = 0; run < Runs; run++)
            {
                using var result = await client.InferAsync(samples[run % samples.Count], new() { Partition = partition }, cancellationToken).ConfigureAwait(false);
                (head, tail, total) = (Math.Min(head, result.Timings.Head.TotalSeconds), Math.Min(tail, result.Timings.Server.RunSeconds), Math.Min(total, result.Timings.Total.TotalSeconds));
            }

            return (head, tail, total);
        }
    }

    private static long ShortestPayload(PartitionedModel model, int partition, IReadOnlyList<TensorValue[]> samples)
    {
        using var cut = LoadedCut.Load(model, partition, new() { IntraOpThreads = 1 });
        return samples.Take(EncodedSamples).Min(sample =>
        {
            var boundary = cut.MakeBoundary(sample);
            var bytes = boundary.Sum(static tensor => CodecRegistry.Default.All.Where(static codec => codec.IsLossless).Min(codec => (long)codec.Encode(tensor.ElementType, tensor.Shape, tensor.Bytes.Span, new byte[codec.MaxEncodedLength(tensor.ElementType, tensor.Shape)])));
            foreach (var tensor in boundary) tensor.Dispose();
            return bytes;
        });
    }

    /// <summary>What it takes to have a server run the rest.</summary>
    /// <param name="Partition">The partition.</param>
    /// <param name="HeadSeconds">The head on the device.</param>
    /// <param name="PayloadBytes">The fewest bytes that cross.</param>
    /// <param name="TailSeconds">The tail on the server.</param>
    internal sealed record Cut(int Partition, double HeadSeconds, long PayloadBytes, double TailSeconds);
}
