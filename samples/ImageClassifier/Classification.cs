using SplitInfer.Client;
using SplitInfer.Imaging;
using SplitInfer.Tensors;

namespace ImageClassifier;

/// <summary>Classifies one photograph, alone or with a server.</summary>
internal static class Classification
{
    public static async Task RunAsync(string photo, string model, Dictionary<string, string> options)
    {
        string[] labels = options.TryGetValue("--labels", out var file) ? await File.ReadAllLinesAsync(file) : [];
        var settings = new SplitInferenceOptions { ModelPath = model, Server = options.TryGetValue("--server", out var server) ? new Uri(server) : null };
        await using var client = await SplitInferenceClient.CreateAsync(settings);

        // What the model was trained on decides the preset; size, axes and type are those of its input.
        var preprocessing = Preset(options.GetValueOrDefault("--preprocessing", nameof(ImagePreprocessing.ImageNet))).For(client.Plan.Inputs[0]);
        using var picture = preprocessing.Load(photo);
        using var result = await client.InferAsync(picture);

        using var probabilities = AsProbabilities(result.Outputs[0]);
        foreach (var (index, score) in probabilities.TopK(5))
            Console.WriteLine($"{score,8:P1}  {(index < labels.Length ? labels[index] : $"class {index}")}");
        Console.WriteLine($"Source {result.Source}, partition {result.Partition.Index} of {client.Plan.AllOnDevice.Index}, {result.BytesSent / 1024.0:F1} KB sent, {result.Timings.Total.TotalMilliseconds:F1} ms");
        // Why the server gave no result, or was not even asked.
        if ((result.ServerFailure ?? client.ServerFailure) is { } failure) Console.WriteLine($"The device finished alone: {failure.Message}");
    }

    private static ImagePreprocessing Preset(string name) => name switch
    {
        nameof(ImagePreprocessing.ImageNet) => ImagePreprocessing.ImageNet,
        nameof(ImagePreprocessing.ImageNetCaffe) => ImagePreprocessing.ImageNetCaffe,
        nameof(ImagePreprocessing.ZeroToOne) => ImagePreprocessing.ZeroToOne(224, 224),
        nameof(ImagePreprocessing.MinusOneToOne) => ImagePreprocessing.MinusOneToOne(224, 224),
        nameof(ImagePreprocessing.Bytes) => ImagePreprocessing.Bytes(224, 224),
        _ => throw new ArgumentException($"There is no preprocessing '{name}'. There are ImageNet, ImageNetCaffe, ZeroToOne, MinusOneToOne and Bytes."),
    };

    // Some models end with a softmax of their own, and a second one would level the scores.
    private static TensorValue AsProbabilities(TensorValue scores)
    {
        var (sum, least) = (0f, 0f);
        foreach (var score in scores.Span<float>()) (sum, least) = (sum + score, Math.Min(least, score));
        return least >= 0 && Math.Abs(sum - 1) < 1e-3 ? scores.Share() : scores.Softmax();
    }
}
