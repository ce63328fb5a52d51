using System.Buffers;
using System.Buffers.Binary;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using SplitInfer.AspNetCore.OpenInference;

namespace SplitInfer.AspNetCore.Grpc;

/// <summary>Looks at the message that a call brings, and leaves it to be read. Not thread-safe.</summary>
/// <param name="context">The call.</param>
internal sealed class MessageBody(HttpContext context)
{
    // Whether it is compressed, and its length.
    private const int PrefixBytes = 5;

    private long _seen, _held;

    /// <summary>The length of the message, as it says itself.</summary>
    /// <param name="max">The most bytes that it may have.</param>
    /// <exception cref="InferenceException">It has more, or is compressed: what it would become is not known.</exception>
    public async Task<long> ReadLengthAsync(long max)
    {
        // gRPC counts each message, and a body has one.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = max + PrefixBytes;
        var (isCompressed, length) = await PeekAsync(PrefixBytes, ReadPrefix).ConfigureAwait(false);
        if (isCompressed) throw InferenceException.NotSupported("The message is compressed, which the server does not take. Send it as it is.");
        return length <= max ? length : throw InferenceException.TooLarge($"The message has {length} bytes, and the server takes at most {max}. Send smaller tensors, or raise Limits.Sizes.MaxBytes.");
    }

    /// <summary>Waits for the whole message, and measures it.</summary>
    /// <param name="length">Its length.</param>
    /// <param name="hold">Told of bytes as they come, of no more than <paramref name="length"/> in all.</param>
    /// <returns>What it comes to; null where it ends early, which gRPC answers.</returns>
    /// <exception cref="InferenceException">It is none that is taken.</exception>
    public Task<InferMessageSize?> MeasureAsync(long length, Action<long> hold) =>
        PeekAsync(PrefixBytes + length, body => body.Length < PrefixBytes + length ? (InferMessageSize?)null : InferMessage.Measure(body.Slice(PrefixBytes, length)), come =>
        {
            var held = Math.Clamp(come - PrefixBytes, 0, length);
            hold(held - _held);
            _held = held;
        });

    private static (bool IsCompressed, long Length) ReadPrefix(ReadOnlySequence<byte> body)
    {
        if (body.Length < PrefixBytes) return (false, 0);
        Span<byte> prefix = stackalloc byte[PrefixBytes];
        body.Slice(0, PrefixBytes).CopyTo(prefix);
        return (prefix[0] != 0, BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]));
    }

    /// <summary>Looks at the beginning of the body once there are so many bytes of it, or all that there will be.</summary>
    private async Task<T> PeekAsync<T>(long count, Func<ReadOnlySequence<byte>, T> look, Action<long>? come = null)
    {
        var body = context.Request.BodyReader;
        while (true)
        {
            var read = await body.ReadAsync(context.RequestAborted).ConfigureAwait(false);
            var (buffer, isEnough) = (read.Buffer, read.IsCompleted || read.Buffer.Length >= count);
            // What was waited for remains seen. The rest must not be, or whoever reads next would wait for more, where there may be none.
            if (!isEnough) _seen = buffer.Length;
            try
            {
                come?.Invoke(buffer.Length);
                if (isEnough) return look(buffer);
            }
            finally
            {
                // The end is known; any other place is looked for from the beginning.
                body.AdvanceTo(buffer.Start, isEnough ? buffer.GetPosition(_seen) : buffer.End);
            }
        }
    }
}
