using SplitInfer.Client;
using SplitInfer.Emulation;
using SplitInfer.Partitioning;
using VideoStream.Video;

namespace VideoStream.Streaming;

/// <summary>
/// The cost of every arm without the link, measured with requests that name the arm while the link is unlimited; the policy does not learn from
/// them. With the conditions of a frame, this gives the cost that each arm would have had for that frame.
/// </summary>
internal sealed class ArmFigures(IReadOnlyList<Partition> arms)
{
    private const int Rounds = 8;

    /// <summary>Rounds that are not counted, because caches are cold and code is not compiled yet.</summary>
    private const int Warmup = 3;

    private readonly List<double>[] _device = Lists(arms.Count);
    private readonly List<double>[] _remote = Lists(arms.Count);
    private readonly long[] _bytes = new long[arms.Count];

    /// <summary>The arms; the first runs everything on the server where the model allows that, the last everything on the device.</summary>
    public IReadOnlyList<Partition> Arms => arms;

    /// <summary>Takes every arm several times, in turn, so that other work of the machine affects all arms.</summary>
    public async Task MeasureAsync(SplitInferenceClient client, Camera camera)
    {
        using var input = Camera.ToTensor(camera.Next(out _));
        for (var round = 0; round < Rounds; round++)
            for (var arm = 0; arm < arms.Count; arm++)
            {
                using var result = await client.InferAsync(input, new() { Partition = arms[arm].Index });
                if (round < Warmup) continue;
                var offload = result.Timings.Offload.TotalMilliseconds;
                _device[arm].Add(result.Timings.Total.TotalMilliseconds - offload);
                _remote[arm].Add(offload);
                _bytes[arm] = result.BytesSent;
            }
    }

    /// <summary>Head, encoding and overhead of the client, ms.</summary>
    public double DeviceMs(int arm) => Median(_device[arm]);

    /// <summary>Server and transport, ms.</summary>
    public double RemoteMs(int arm) => Median(_remote[arm]);

    /// <summary>Payload sent.</summary>
    public long Bytes(int arm) => _bytes[arm];

    /// <summary>Cost of an arm over a link, ms.</summary>
    public double CostMs(int arm, LinkConditions link) => DeviceMs(arm) + (_bytes[arm] == 0
        ? 0
        : RemoteMs(arm) + link.RoundTrip.TotalMilliseconds + link.TransferTime(_bytes[arm]).TotalMilliseconds);

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static List<double>[] Lists(int count) => [.. Enumerable.Range(0, count).Select(static _ => new List<double>())];
}
