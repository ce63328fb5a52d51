using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Commands.Run;
using SplitInfer.Client;
using SplitInfer.Emulation;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Commands.Try;

/// <summary>One way of running the model, and what its frames cost.</summary>
/// <param name="name">What people call it.</param>
/// <param name="client">Runs it.</param>
/// <param name="maxWarmUp">The most frames that do not count, while it loads and learns.</param>
/// <param name="codec">Name of the codec of pictures that it sends; null for none.</param>
internal sealed class Contender(string name, SplitInferenceClient client, int maxWarmUp, string? codec = null) : IAsyncDisposable
{
    private readonly List<FrameLine> _frames = [];
    private readonly Settling _settling = new(maxWarmUp);

    /// <summary>Whether it has loaded what it runs and learned what it can, so that its frames count from now on.</summary>
    public bool IsWarm => _settling.IsOver;

    /// <summary>What people call it.</summary>
    public string Name => name;

    /// <summary>Name of the codec of pictures that it sends, which may change what comes of them; null for none.</summary>
    public string? Codec => codec;

    /// <summary>With pictures: how what comes of them compares with the device's.</summary>
    public Agreement? Pictures { get; set; }

    /// <summary>The frames that count.</summary>
    public IReadOnlyList<FrameLine> Frames => _frames;

    /// <summary>Mean of the frames that count, ms.</summary>
    public double MeanMs => _frames.Average(static frame => frame.TotalMs);

    /// <summary>The partition that was taken most often.</summary>
    public int UsualPartition => _frames.CountBy(static frame => frame.Partition).MaxBy(static count => count.Value).Key;

    /// <summary>Runs one frame.</summary>
    /// <param name="inputs">The inputs.</param>
    /// <param name="compare">Told the outputs, which live until it returns.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    public async ValueTask PlayAsync(TensorValue[] inputs, Action<IReadOnlyList<TensorValue>> compare, CancellationToken cancellationToken)
    {
        using var result = await client.InferAsync(inputs, cancellationToken: cancellationToken);
        if (IsWarm) _frames.Add(FrameLine.Of(_frames.Count, result, fallback: null, hasExits: false));
        else _settling.Add(result);
        compare(result.Outputs);
    }

    /// <summary>Sums up.</summary>
    public ContenderLine Sum()
    {
        var sum = RunSummaryLine.Of("", client.Policy, _frames, missed: 0);
        return new(name, client.Policy, sum.Frames, sum.MeanMs, Median.Of(_frames.Select(static f => f.TotalMs)), sum.P95Ms, sum.DeviceShare, sum.SplitShare, sum.ServerShare, sum.BytesSent)
        {
            Codec = codec,
            SameClass = Pictures?.IsSameClass,
        };
    }

    public ValueTask DisposeAsync()
    {
        Pictures?.Dispose();
        return client.DisposeAsync();
    }
}
