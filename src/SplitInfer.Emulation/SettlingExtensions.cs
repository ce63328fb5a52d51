using SplitInfer.Client;
using SplitInfer.Tensors;

namespace SplitInfer.Emulation;

/// <summary>Lets a client's policy learn before it is measured.</summary>
public static class SettlingExtensions
{
    /// <summary>Runs one request after the other until the client's policy has settled, as <see cref="Settling"/> tells.</summary>
    /// <param name="client">The client.</param>
    /// <param name="inputs">One tensor for each input of the model, as for an ordinary request.</param>
    /// <param name="maxRequests">The most requests; at least 1. 150 unless given.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <returns>How many requests that took.</returns>
    /// <remarks>Errors are those of a request.</remarks>
    public static async Task<int> SettleAsync(this SplitInferenceClient client, ReadOnlyMemory<TensorValue> inputs, int maxRequests = 150, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        var settling = new Settling(maxRequests);
        while (!settling.IsOver)
        {
            using var result = await client.InferAsync(inputs, cancellationToken: cancellationToken).ConfigureAwait(false);
            settling.Add(result);
        }

        return settling.Requests;
    }
}
