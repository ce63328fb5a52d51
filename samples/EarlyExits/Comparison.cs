using SplitInfer.Client;
using SplitInfer.Partitioning;

namespace EarlyExits;

/// <summary>Gives the same pictures to a client without exits and to one with them, in turn.</summary>
internal sealed class Comparison(PartitionedModel model, Views pictures)
{
    /// <summary>Prints how many requests left early and what that saved.</summary>
    /// <param name="without">A client without exits.</param>
    /// <param name="with">A client with them.</param>
    /// <param name="leastAgreement">The share of answers that is promised to be the model's own.</param>
    /// <returns>Whether as many were. A few of so few pictures may be others by chance.</returns>
    public async Task<bool> RunAsync(SplitInferenceClient without, SplitInferenceClient with, double leastAgreement)
    {
        var (left, same, fullMs, earlyMs) = (new SortedDictionary<int, int>(), 0, 0.0, 0.0);
        for (var picture = 0; picture < pictures.Count; picture++)
        {
            using var input = pictures.Read(picture, model.Plan.Inputs)[0];
            using var full = await without.InferAsync(input);
            using var early = await with.InferAsync(input);
            left[early.Exit] = left.GetValueOrDefault(early.Exit) + 1;
            if (BestOf(full) == BestOf(early)) same++;
            fullMs += full.Timings.Total.TotalMilliseconds / pictures.Count;
            earlyMs += early.Timings.Total.TotalMilliseconds / pictures.Count;
        }

        foreach (var (exit, count) in left) Console.WriteLine($"{count,4} of {pictures.Count} requests were answered by {(exit == 0 ? "the model" : $"exit {exit}")}");
        Console.WriteLine($"{same} of {pictures.Count} answers are the model's own. A request took {earlyMs:F1} ms in the mean with exits and {fullMs:F1} ms without.");
        return same >= (leastAgreement - 0.05) * pictures.Count;
    }

    /// <summary>Prints each answer of one request as it comes.</summary>
    public async Task WatchAsync(SplitInferenceClient client)
    {
        using var input = pictures.Read(0, model.Plan.Inputs)[0];
        Console.WriteLine("One picture, every answer as it comes:");
        await foreach (var answer in client.InferProgressiveAsync(input))
        {
            using (answer) Console.WriteLine($"  class {BestOf(answer)}: {answer}");
        }
    }

    private static int BestOf(InferenceResult result)
    {
        var scores = result.Outputs[0].Span<float>();
        var best = 0;
        for (var at = 1; at < scores.Length; at++)
            if (scores[at] > scores[best]) best = at;
        return best;
    }
}
