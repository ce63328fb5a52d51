namespace SplitInfer.Protocol;

/// <summary>The parts of a payload, one after the other, and how far they have been sent. Reused from message to message.</summary>
internal sealed class OutgoingPayload
{
    private ReadOnlyMemory<ReadOnlyMemory<byte>> _parts;
    private int _part;
    private int _taken;

    /// <summary>Bytes not yet taken.</summary>
    public long Left { get; private set; }

    /// <summary>Starts at the first byte of <paramref name="parts"/>, which must not change until all was taken or <see cref="Clear"/>.</summary>
    public void Open(ReadOnlyMemory<ReadOnlyMemory<byte>> parts)
    {
        (_parts, _part, _taken, Left) = (parts, 0, 0, 0);
        foreach (var part in parts.Span) Left += part.Length;
    }

    /// <summary>Takes the next bytes that lie side by side: at least one, unless nothing is left.</summary>
    public ReadOnlyMemory<byte> Take(int atMost)
    {
        if (Left == 0) return default;
        while (_taken == _parts.Span[_part].Length) (_part, _taken) = (_part + 1, 0);
        var piece = _parts.Span[_part][_taken..];
        if (piece.Length > atMost) piece = piece[..atMost];
        _taken += piece.Length;
        Left -= piece.Length;
        return piece;
    }

    /// <summary>Lets go of the parts.</summary>
    public void Clear() => (_parts, Left) = (default, 0);
}
