using System.Runtime.CompilerServices;
using SplitInfer.Client.Transport;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Streams;

/// <summary>Infers streams of frames.</summary>
public static class StreamingExtensions
{
    /// <summary>Infers every frame of a stream, for a model with one input.</summary>
    /// <inheritdoc cref="InferStreamAsync(SplitInferenceClient, IAsyncEnumerable{ReadOnlyMemory{TensorValue}}, StreamOptions, CancellationToken)"/>
    public static IAsyncEnumerable<StreamResult> InferStreamAsync(this SplitInferenceClient client, IAsyncEnumerable<TensorValue> frames, StreamOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(frames);
        return client.InferStreamAsync(Wrap(frames, cancellationToken), options, cancellationToken);
    }

    /// <summary>
    /// Infers every frame of a stream, several at a time: while what one frame sends is on its way, the device runs the head of the next. Each frame takes one of a few routes, such as everything on the
    /// device, everything on the server, or a cut with a codec, so that device, links and servers have as little idle time as the latency allows. There is one result for each frame.
    /// </summary>
    /// <param name="client">The client. It may be used for other requests and streams at the same time; the device's and the links' time is then shared.</param>
    /// <param name="frames">
    /// The source: for each frame one tensor for each of <see cref="SplitInferenceClient.Plan"/>'s inputs. The tensors stay the caller's, and must live and not change until the result of their frame was
    /// yielded, which has them in <see cref="StreamResult.Inputs"/>, or the enumeration has ended. It is enumerated on a thread of the pool, and no faster than <see cref="StreamOptions.WhenBehind"/> says.
    /// </param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the enumeration, as leaving the loop does: what is in flight is stopped and waited for, and results that were not taken are released.</param>
    /// <returns>
    /// The results; the caller disposes each. Errors of single frames are among them (<see cref="Policies.Streams.StreamFate.Failed"/>); an error of the source ends the enumeration once the frames before
    /// it have their results. A caller that takes results slowly holds the stream up, so that memory does not grow.
    /// </returns>
    /// <exception cref="ArgumentException">An option makes no sense; the message says which.</exception>
    /// <exception cref="Arms.InvalidPartitionException">The options name a partition that cannot be taken.</exception>
    /// <exception cref="ServerUnreachableException">The options name a partition that needs a server, and the client has none.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public static IAsyncEnumerable<StreamResult> InferStreamAsync(this SplitInferenceClient client, IAsyncEnumerable<ReadOnlyMemory<TensorValue>> frames, StreamOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(frames);
        options ??= new();
        options.Validate();
        return EnumerateAsync(client, frames, options, cancellationToken);
    }

    private static async IAsyncEnumerable<StreamResult> EnumerateAsync(SplitInferenceClient client, IAsyncEnumerable<ReadOnlyMemory<TensorValue>> frames, StreamOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var ordinary = options is { MaxInFlight: 1, Partition: null } ? new OrdinaryFrames(client) : null;
        await using var run = new StreamRun(ordinary ?? (IFrameRunner)new ClientFrames(client), ordinary ?? FrameRoutes.For(client, options), options, client.Time, cancellationToken);
        run.Begin(frames);
        while (await run.NextAsync().ConfigureAwait(false) is { } result) yield return result;
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<TensorValue>> Wrap(IAsyncEnumerable<TensorValue> frames, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var frame in frames.WithCancellation(cancellationToken).ConfigureAwait(false)) yield return new[] { frame };
    }
}
