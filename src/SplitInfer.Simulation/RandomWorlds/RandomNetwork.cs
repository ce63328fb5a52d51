using System.Collections.Immutable;

namespace SplitInfer.Simulation.RandomWorlds;

/// <summary>
/// Arms of a made-up chain of layers: three classes of them that device and server run at speeds of their own, heads
/// whose delays are not quite monotone, payloads that grow and shrink over two decades.
/// </summary>
internal static class RandomNetwork
{
    private const int Classes = 3;
    private const int MinLayers = 3, MaxLayers = 39;

    /// <summary>How far a head or a tail is from the sum of its layers.</summary>
    private const double SegmentDeviation = 0.02;

    /// <param name="draws">Where everything is drawn from.</param>
    /// <param name="speedup">How much faster than the device the server is.</param>
    public static ImmutableArray<ScenarioArm> Arms(ScenarioRandom draws, double speedup)
    {
        var layers = Layers(draws);
        var speedups = Enumerable.Range(0, Classes).Select(_ => speedup * draws.Factor(0.4)).ToArray();
        var overheadMs = draws.LogUniform(0.02, 2);
        var prunes = draws.Flag(0.5);
        var arms = ImmutableArray.CreateBuilder<ScenarioArm>();
        var smallest = double.PositiveInfinity;
        for (var cut = 0; cut <= layers.Length; cut++)
        {
            var (head, tail) = (layers[..cut], layers[cut..]);
            var isLast = tail.Length == 0;
            var bits = isLast ? 0 : tail[0].InputBits;
            var headMs = head.Sum(static l => l.DeviceMs) * draws.Factor(SegmentDeviation);
            var tailMs = tail.Sum(l => l.DeviceMs / speedups[l.Class]) * draws.Factor(SegmentDeviation);

            // What plans leave out: a cut is no arm when an earlier one has a boundary no larger.
            if (prunes && !isLast && bits >= smallest) continue;
            smallest = Math.Min(smallest, bits);
            arms.Add(new()
            {
                Partition = cut,
                HeadMs = headMs,
                PayloadBits = bits,
                TailMs = isLast ? 0 : tailMs + overheadMs,
                Macs = ByClass(tail, static l => l.Macs),
                Nodes = ByClass(tail, static l => l.Nodes),
            });
        }

        return arms.ToImmutable();
    }

    private static Layer[] Layers(ScenarioRandom draws)
    {
        var macsPerMs = Enumerable.Range(0, Classes).Select(_ => draws.LogUniform(1e6, 1e8)).ToArray();
        var layers = new Layer[draws.Whole(MinLayers, MaxLayers)];
        var inputBits = draws.LogUniform(2e5, 2e7);
        var (bits, layerMs) = (inputBits, draws.LogUniform(5, 1000) / layers.Length);
        for (var i = 0; i < layers.Length; i++)
        {
            // Convolutions first, dense layers last, others anywhere.
            var kind = draws.Flag(0.25) ? 2 : draws.Uniform(0, layers.Length) > i ? 0 : 1;
            var deviceMs = layerMs * draws.LogUniform(0.1, 4);
            layers[i] = new(kind, deviceMs, deviceMs * macsPerMs[kind] * draws.Factor(0.2), draws.Whole(1, 4), Math.Round(bits));
            bits *= i < layers.Length / 4 ? draws.LogUniform(0.3, 5) : draws.LogUniform(0.2, 2);
            bits = Math.Clamp(bits, inputBits / 30, inputBits * 5);
        }

        return layers;
    }

    private static ImmutableArray<double> ByClass(Layer[] layers, Func<Layer, double> measure) =>
        [.. Enumerable.Range(0, Classes).Select(c => layers.Where(l => l.Class == c).Sum(measure))];

    private sealed record Layer(int Class, double DeviceMs, double Macs, int Nodes, double InputBits);
}
