using System.Buffers;
using SplitInfer.Server.WholeModels;

namespace SplitInfer.AspNetCore.OpenInference;

/// <summary>The part of a body that is JSON, in pooled memory that is counted before it is taken and grows as the body comes. Dispose it once it is read. Not thread-safe.</summary>
/// <param name="request">The request, which counts the memory.</param>
internal sealed class BodyBuffer(WholeModelRequest request) : IDisposable
{
    private const int FirstBytes = 16 << 10, MostBytes = 1 << 20;

    private readonly List<byte[]> _chunks = [];
    private int _filled;

    /// <summary>Reads.</summary>
    /// <param name="body">The body.</param>
    /// <param name="length">How many bytes; null for all that there are.</param>
    /// <param name="limit">The most that there may be.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The bytes, until this is disposed.</returns>
    /// <exception cref="InferenceException">There are too many or too few.</exception>
    /// <exception cref="Protocol.TailRefusedException">The client holds as many bytes as it may.</exception>
    public async ValueTask<ReadOnlySequence<byte>> ReadAsync(Stream body, long? length, long limit, CancellationToken cancellationToken)
    {
        long total = 0;
        while (total < (length ?? long.MaxValue))
        {
            if (_chunks.Count == 0 || _filled == _chunks[^1].Length) Grow();
            var room = _chunks[^1].AsMemory(_filled);
            if (length is { } known && known - total < room.Length) room = room[..(int)(known - total)];
            var read = await body.ReadAsync(room, cancellationToken).ConfigureAwait(false);
            if (read == 0 && length is not null) throw InferenceException.Bad($"The body ends after {total} bytes, before the {length} of JSON that Inference-Header-Content-Length states.");
            if (read == 0) break;
            _filled += read;
            total += read;
            if (total > limit) throw InferenceException.TooLarge($"The request has more than {limit} bytes of JSON, the most that the server takes. Send tensors as binary data behind it.");
        }

        return Join();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var chunk in _chunks) ArrayPool<byte>.Shared.Return(chunk);
        _chunks.Clear();
    }

    private void Grow()
    {
        var size = _chunks.Count == 0 ? FirstBytes : Math.Min(MostBytes, 2 * _chunks[^1].Length);
        request.Promise(size);
        request.Hold(size);
        _chunks.Add(ArrayPool<byte>.Shared.Rent(size));
        _filled = 0;
    }

    private ReadOnlySequence<byte> Join()
    {
        if (_chunks.Count < 2) return _chunks.Count == 0 ? ReadOnlySequence<byte>.Empty : new(_chunks[0], 0, _filled);
        var first = new Segment(_chunks[0], before: null);
        var last = first;
        for (var chunk = 1; chunk < _chunks.Count; chunk++) last = new(chunk == _chunks.Count - 1 ? _chunks[chunk].AsMemory(0, _filled) : _chunks[chunk], last);
        return new(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? before)
        {
            Memory = memory;
            if (before is null) return;
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }
}
