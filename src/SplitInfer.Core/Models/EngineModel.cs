using System.Runtime.InteropServices;
using Google.Protobuf;
using SplitInfer.Models.Onnx;

namespace SplitInfer.Models;

/// <summary>Reads models that the engine has written.</summary>
internal static class EngineModel
{
    // The engine writes functions inline, so its models are nested deeper than a file may be that comes from somewhere else.
    private const int MaxDepth = 500;

    /// <summary>Reads a model.</summary>
    /// <exception cref="InvalidProtocolBufferException">It is nested too deeply.</exception>
    public static ModelProto Parse(ReadOnlyMemory<byte> bytes)
    {
        if (!MemoryMarshal.TryGetArray(bytes, out var array)) array = bytes.ToArray();
        using var stream = new MemoryStream(array.Array!, array.Offset, array.Count, writable: false);
        using var input = CodedInputStream.CreateWithLimits(stream, int.MaxValue, MaxDepth);
        return ModelProto.Parser.ParseFrom(input);
    }
}
