using SplitInfer.Client;
using SplitInfer.Tensors;

namespace QuickStart;

/// <summary>One way of running the model, and what its frames cost.</summary>
internal sealed class Contender(string name, SplitInferenceClient client) : IAsyncDisposable
{
    private readonly List<(double Milliseconds, int Partition, long BytesSent)> _frames = [];
    private readonly List<double> _phases = [];
    private bool _hasBegun;

    public string Name => name;

    public SplitInferenceClient Client => client;

    /// <summary>Mean of the frames of this phase.</summary>
    public double PhaseMeanMs => _frames.Average(static frame => frame.Milliseconds);

    /// <summary>Mean of the phases so far.</summary>
    public double MeanMs => _phases.Append(PhaseMeanMs).Average();

    public TimeSpan Fastest => TimeSpan.FromMilliseconds(_frames.Min(static frame => frame.Milliseconds));

    /// <summary>Mean of a frame.</summary>
    public double BytesSent => _frames.Average(static frame => frame.BytesSent);

    /// <summary>The largest difference of a result from that of the whole model.</summary>
    public double Difference { get; private set; }

    /// <summary>The partition that was taken most often, in words.</summary>
    public string Choice
    {
        get
        {
            var usual = _frames.CountBy(static frame => frame.Partition).MaxBy(static count => count.Value).Key;
            return usual == client.Plan.AllOnDevice.Index ? "all on the device" : usual == client.Plan.AllOnServer.Index ? "all on the server" : $"split at {usual}";
        }
    }

    /// <summary>Runs one frame, and compares its result.</summary>
    public async Task RunAsync(TensorValue input, IReadOnlyList<TensorValue> expected)
    {
        using var result = await client.InferAsync(input);
        _frames.Add((result.Timings.Total.TotalMilliseconds, result.Partition.Index, result.BytesSent));
        Difference = Math.Max(Difference, result.Outputs.Zip(expected, static (actual, whole) => TensorDifference.Between(whole, actual).MaxMixed).Max());
    }

    /// <summary>Forgets the frames of this phase.</summary>
    public void Forget() => _frames.Clear();

    /// <summary>Begins a phase; what came before the first one only warmed up.</summary>
    public void BeginPhase()
    {
        if (_hasBegun) _phases.Add(PhaseMeanMs);
        _hasBegun = true;
        _frames.Clear();
    }

    public ValueTask DisposeAsync() => client.DisposeAsync();
}
