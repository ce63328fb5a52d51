using SplitInfer.Client;
using SplitInfer.Policies.Sharing;

namespace SplitInfer.Documentation.Snippets;

/// <summary>docs/policies.md.</summary>
internal static class PolicyPages
{
    public static async Task<byte[]> StartAsync(byte[] sum)
    {
        // snippet: a prior in a client
        // Before the device's first request: the sum of its kind, which some service of the application keeps.
        var options = new SplitInferenceOptions { ModelPath = "squeezenet.onnx", Server = new Uri("tcp://127.0.0.1:7070"), Prior = KindPrior.FromBytes(sum) };
        await using var client = await SplitInferenceClient.CreateAsync(options);

        // Once, after some hundred requests: what this device has measured itself.
        byte[] share = client.Share().ToBytes();
        // end of snippet
        return share;
    }

    public static byte[] Add(byte[] sum, byte[] share)
    {
        // snippet: a share is added
        // Where the sums are kept: a share is added, and counts for one device.
        sum = KindPrior.FromBytes(sum).Plus(KindPrior.FromShare(share)).ToBytes();
        // end of snippet
        return sum;
    }
}
