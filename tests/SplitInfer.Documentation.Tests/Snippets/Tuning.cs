using SplitInfer.Client;
using SplitInfer.Tensors;

namespace SplitInfer.Documentation.Snippets;

/// <summary>docs/tuning.md.</summary>
internal static class Tuning
{
    public static SplitInferenceOptions FirstRequest()
    {
        // snippet: first request
        var options = new SplitInferenceOptions
        {
            ModelPath = "squeezenet.onnx",
            Server = new Uri("tcp://gpu-box:7070"),
            StateDirectory = "state",                          // what was learned, from one run to the next
            PreloadArms = true,                                // load every head before the first request
            Calibration = "squeezenet.calibration.json",       // lossy codecs, where the results stay
            Deadline = TimeSpan.FromMilliseconds(200),         // of every request, from the call on
        };
        // end of snippet
        return options;
    }

    public static async Task<InferenceTimings> RequestAsync(SplitInferenceClient client, TensorValue input, CancellationToken cancellationToken)
    {
        // snippet: one request
        var request = new InferenceRequest { Deadline = TimeSpan.FromSeconds(5), IsKeyFrame = true };
        using var result = await client.InferAsync(input, request, cancellationToken);
        var t = result.Timings;
        Console.WriteLine($"head {t.Head.TotalMilliseconds:F1}, encoding {t.Encode.TotalMilliseconds:F1}, link and server {t.Offload.TotalMilliseconds:F1}, total {t.Total.TotalMilliseconds:F1} ms");
        // end of snippet
        return t;
    }
}
