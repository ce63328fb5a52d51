using System.Buffers;

namespace SplitInfer.IntegrationTests.OpenInference;

/// <summary>A part of bytes that came in several.</summary>
internal sealed class Piece : ReadOnlySequenceSegment<byte>
{
    public Piece(ReadOnlyMemory<byte> memory, Piece? before)
    {
        Memory = memory;
        if (before is null) return;
        RunningIndex = before.RunningIndex + before.Memory.Length;
        before.Next = this;
    }
}
