using System.Globalization;
using SplitInfer.Client;
using SplitInfer.Client.Transport;
using SplitInfer.Emulation;
using SplitInfer.Families;

namespace TailoredClassifier;

/// <summary>What a client of a family has by one deadline after the other.</summary>
internal static class Deadlines
{
    private static readonly TimeSpan RoundTrip = TimeSpan.FromMilliseconds(60);

    private const double Mbps = 20;

    /// <summary>Infers, and prints a line for each deadline.</summary>
    /// <param name="folder">The family.</param>
    /// <param name="server">Where its variants are served.</param>
    /// <param name="pictures">What is asked about.</param>
    /// <param name="slowdown">How much slower than this machine the device is.</param>
    /// <param name="requests">Requests for each deadline.</param>
    /// <returns>Whether there was an answer to any request.</returns>
    public static async Task<bool> RunAsync(string folder, Uri server, Pictures pictures, double slowdown, int requests)
    {
        var options = new SplitInferenceOptions { Family = Path.Combine(folder, FamilyFile.Name), Server = server, PreloadArms = true };
        options.EmulateDevice(slowdown);
        options.EmulateLink(Mbps, RoundTrip);
        await using var client = await SplitInferenceClient.CreateAsync(options);
        foreach (var warning in client.Warnings) Console.WriteLine(warning);

        // What it costs to be without a deadline: the most accurate variant, wherever that is fastest.
        var whole = await InferAsync(client, pictures, new(), requests);
        var answered = whole.Count;
        Console.WriteLine($"\nOn a device {slowdown} times slower than this machine, over {Mbps} Mbit/s with a round trip of {RoundTrip.TotalMilliseconds} ms:");
        Console.WriteLine($"{"deadline",-12} {"in time",8} {"expected accuracy",18} {"mean ms",8}  answers by");
        Print("none", whole, requests);
        foreach (var share in (double[])[2, 1, 0.5, 0.25, 0.125])
        {
            var deadline = TimeSpan.FromMilliseconds(Math.Max(1, Math.Round(share * whole.Average(static answer => answer.Ms))));
            var answers = await InferAsync(client, pictures, new() { Deadline = deadline }, requests);
            answered += answers.Count;
            Print(string.Create(CultureInfo.InvariantCulture, $"{deadline.TotalMilliseconds:0} ms"), answers, requests);
        }

        return answered > 0;
    }

    private static async Task<List<(string Words, double Accuracy, double Ms)>> InferAsync(SplitInferenceClient client, Pictures pictures, InferenceRequest request, int requests)
    {
        var answers = new List<(string, double, double)>();
        for (var number = 0; number < requests; number++)
        {
            try
            {
                using var result = await client.InferAsync(pictures[number], request);
                answers.Add(($"{result.Variant} ({result.Source.ToString().ToLowerInvariant()})", result.Accuracy!.Value, result.Timings.Total.TotalMilliseconds));
            }
            catch (RequestTimeoutException)
            {
                // Not even the smallest variant was in time.
            }
        }

        return answers;
    }

    private static void Print(string deadline, List<(string Words, double Accuracy, double Ms)> answers, int requests)
    {
        var by = string.Join(", ", answers.CountBy(static answer => answer.Words).OrderByDescending(static count => count.Value).Select(static count => $"{count.Value} × {count.Key}"));
        var (accuracy, mean) = answers.Count == 0 ? (0, 0) : (answers.Sum(static answer => answer.Accuracy) / requests, answers.Average(static answer => answer.Ms));
        Console.WriteLine($"{deadline,-12} {answers.Count,4} of {requests,2} {accuracy,17:P1} {mean,8:F0}  {by}");
    }
}
