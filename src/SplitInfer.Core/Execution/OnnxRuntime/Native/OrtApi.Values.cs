using SplitInfer.Tensors;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>Values, and what is known of their types. Element types have the numbers of ONNX, which <see cref="ElementType"/> has too.</summary>
internal sealed unsafe partial class OrtApi
{
    /// <summary>A value over memory that stays the caller's and must outlive it.</summary>
    public nint CreateTensorWithDataAsOrtValue(nint memoryInfo, void* data, long byteLength, ReadOnlySpan<long> dimensions, ElementType type)
    {
        nint value;
        fixed (long* shape = dimensions)
            Check(((delegate* unmanaged<nint, void*, nuint, long*, nuint, int, nint*, nint>)_table[49])(
                memoryInfo, data, (nuint)byteLength, shape, (nuint)dimensions.Length, (int)type, &value));
        return value;
    }

    /// <summary>A value in memory of its own.</summary>
    public nint CreateTensorAsOrtValue(nint allocator, ReadOnlySpan<long> dimensions, ElementType type)
    {
        nint value;
        fixed (long* shape = dimensions)
            Check(((delegate* unmanaged<nint, long*, nuint, int, nint*, nint>)_table[48])(allocator, shape, (nuint)dimensions.Length, (int)type, &value));
        return value;
    }

    public void* GetTensorMutableData(nint value)
    {
        void* data;
        Check(((delegate* unmanaged<nint, void**, nint>)_table[51])(value, &data));
        return data;
    }

    /// <summary>Makes room for one string of a string tensor; the bytes to write, UTF-8, have no terminator.</summary>
    public byte* GetResizedStringTensorElementBuffer(nint value, int index, int byteLength)
    {
        byte* buffer;
        Check(((delegate* unmanaged<nint, nuint, nuint, byte**, nint>)_table[252])(value, (nuint)index, (nuint)byteLength, &buffer));
        return buffer;
    }

    public long GetStringTensorDataLength(nint value)
    {
        nuint length;
        Check(((delegate* unmanaged<nint, nuint*, nint>)_table[53])(value, &length));
        return checked((long)length);
    }

    /// <summary>Copies the strings of a tensor end to end, without terminators, and where each begins.</summary>
    public void GetStringTensorContent(nint value, byte* bytes, long byteLength, nuint* offsets, int count) =>
        Check(((delegate* unmanaged<nint, byte*, nuint, nuint*, nuint, nint>)_table[54])(value, bytes, (nuint)byteLength, offsets, (nuint)count));

    public EngineValueKind GetValueType(nint value)
    {
        int kind;
        Check(((delegate* unmanaged<nint, int*, nint>)_table[67])(value, &kind));
        return (EngineValueKind)kind;
    }

    /// <summary>Whether an optional value is there.</summary>
    public bool HasValue(nint value)
    {
        int has;
        Check(((delegate* unmanaged<nint, int*, nint>)_table[192])(value, &has));
        return has != 0;
    }

    public nint GetTensorTypeAndShape(nint value)
    {
        nint info;
        Check(((delegate* unmanaged<nint, nint*, nint>)_table[65])(value, &info));
        return info;
    }

    public EngineValueKind GetOnnxTypeFromTypeInfo(nint typeInfo)
    {
        int kind;
        Check(((delegate* unmanaged<nint, int*, nint>)_table[56])(typeInfo, &kind));
        return (EngineValueKind)kind;
    }

    /// <summary>The part of a type that describes a tensor; belongs to the type. Null when it is not a tensor.</summary>
    public nint CastTypeInfoToTensorInfo(nint typeInfo)
    {
        nint info;
        Check(((delegate* unmanaged<nint, nint*, nint>)_table[55])(typeInfo, &info));
        return info;
    }

    public ElementType GetTensorElementType(nint tensorInfo)
    {
        int type;
        Check(((delegate* unmanaged<nint, int*, nint>)_table[60])(tensorInfo, &type));
        return (ElementType)type;
    }

    /// <summary>The dimensions; −1 where the model does not fix one.</summary>
    public long[] GetDimensions(nint tensorInfo)
    {
        var dimensions = new long[GetCount(61, tensorInfo)];
        fixed (long* first = dimensions)
            Check(((delegate* unmanaged<nint, long*, nuint, nint>)_table[62])(tensorInfo, first, (nuint)dimensions.Length));
        return dimensions;
    }

    /// <summary>The names of the dimensions, which belong to the type; empty where there is none.</summary>
    public void GetSymbolicDimensions(nint tensorInfo, byte** names, int count) =>
        Check(((delegate* unmanaged<nint, byte**, nuint, nint>)_table[63])(tensorInfo, names, (nuint)count));

    /// <summary>Whether the rank is known. A runtime that cannot tell reports rank 0 for both a scalar and an unknown rank; that counts as unknown.</summary>
    public bool TensorTypeAndShapeHasShape(nint tensorInfo, int rank) =>
        Version >= 24 ? ((delegate* unmanaged<nint, byte>)_table[390])(tensorInfo) != 0 : rank > 0;
}
