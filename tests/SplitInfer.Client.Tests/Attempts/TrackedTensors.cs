using System.Runtime.InteropServices;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>Makes tensors and knows which of them somebody still holds. Letting go of one twice throws. Thread-safe.</summary>
internal sealed class TrackedTensors
{
    private int _held;

    /// <summary>Tensors that were not let go of by all who hold them.</summary>
    public int Held => Volatile.Read(ref _held);

    public unsafe TensorValue Make(float[] values)
    {
        var bytes = values.Length * sizeof(float);
        var block = GC.AllocateUninitializedArray<byte>(bytes, pinned: true);
        MemoryMarshal.AsBytes(values.AsSpan()).CopyTo(block);
        Interlocked.Increment(ref _held);
        var buffer = new TensorBuffer((byte*)Marshal.UnsafeAddrOfPinnedArrayElement(block, 0), block, new Block(this, block));
        return TensorValue.View(ElementType.Float32, new(values.Length), buffer, 0);
    }

    private sealed class Block(TrackedTensors owner, byte[] bytes) : IDisposable
    {
        public void Dispose()
        {
            // Whoever reads it now gets what is in no result.
            bytes.AsSpan().Fill(0xFF);
            Interlocked.Decrement(ref owner._held);
        }
    }
}
