using Microsoft.Extensions.Options;
using SplitInfer.Client;
using SplitInfer.Imaging;
using SplitInfer.Tensors;

namespace WebApi;

/// <summary>The classes of a picture, the likeliest first, and where they were computed.</summary>
internal sealed record Classification(IReadOnlyList<ScoredLabel> Classes, string Source, string? Server, double Milliseconds);

/// <summary>One class of a picture.</summary>
internal sealed record ScoredLabel(string Label, float Probability);

/// <summary>Classifies pictures. One client serves all requests at once, since it is made for that.</summary>
internal sealed partial class Classifier(SplitInferenceClient client, IOptions<ClassifierOptions> options, ILogger<Classifier> log)
{
    // As large as photographs are: a picture is decoded whole, at four bytes a pixel, and a small file can hold a huge one.
    private const long MaxPixels = 25_000_000;

    private readonly ImagePreprocessing _preprocessing = (options.Value.ToPreprocessing() with { MaxPixels = MaxPixels }).For(client.Plan.Inputs[0]);
    private readonly string[] _labels = options.Value.LabelsPath is { Length: > 0 } path ? File.ReadAllLines(path) : [];

    /// <summary>Classifies one encoded picture.</summary>
    /// <param name="body">JPEG, PNG, WebP, GIF or BMP.</param>
    /// <param name="gone">Fires when nobody waits for the answer any more.</param>
    public async Task<Classification> ClassifyAsync(Stream body, CancellationToken gone)
    {
        try
        {
            using var encoded = new MemoryStream();
            await body.CopyToAsync(encoded, gone);
            using var picture = _preprocessing.Decode(encoded.GetBuffer().AsSpan(0, (int)encoded.Length));
            LogStarted(encoded.Length);
            using var result = await client.InferAsync(picture, cancellationToken: gone);

            using var probabilities = AsProbabilities(result.Outputs[0]);
            var classes = probabilities.TopK(options.Value.Top).Select(score => new ScoredLabel(score.Index < _labels.Length ? _labels[score.Index] : $"class {score.Index}", score.Score)).ToList();
            var milliseconds = result.Timings.Total.TotalMilliseconds;
            LogClassified(classes[0].Label, result.Source, milliseconds, result.BytesSent);
            return new(classes, result.Source.ToString(), result.Server, milliseconds);
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested)
        {
            LogCancelled();
            throw;
        }
    }

    // Some models end with a softmax of their own, and a second one would level the scores.
    private static TensorValue AsProbabilities(TensorValue scores)
    {
        var (sum, least) = (0f, 0f);
        foreach (var score in scores.Span<float>()) (sum, least) = (sum + score, Math.Min(least, score));
        return least >= 0 && Math.Abs(sum - 1) < 1e-3 ? scores.Share() : scores.Softmax();
    }

    [LoggerMessage(LogLevel.Debug, "Classifying a picture of {Bytes} bytes")]
    private partial void LogStarted(long bytes);

    [LoggerMessage(LogLevel.Information, "Classified as {Label} by {Source} in {Milliseconds:F1} ms, {BytesSent} bytes sent")]
    private partial void LogClassified(string label, InferenceSource source, double milliseconds, long bytesSent);

    [LoggerMessage(LogLevel.Information, "Cancelled, since the caller went away")]
    private partial void LogCancelled();
}
