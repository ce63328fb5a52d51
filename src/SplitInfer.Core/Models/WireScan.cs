using System.Text;
using System.Text.Unicode;
using Google.Protobuf.Reflection;
using SplitInfer.Models.Onnx;

namespace SplitInfer.Models;

/// <summary>
/// Walks the bytes of a message before they are parsed: every length lies within its parent, nesting and the number of parts are
/// bounded, and what is wrong is reported with its place, which the parser does not tell.
/// </summary>
internal ref struct WireScan
{
    /// <summary>Levels of nesting, the file itself included. The parser's own bound.</summary>
    private const int MaxDepth = 100;

    /// <summary>Levels that a message names.</summary>
    private const int MaxSteps = 12;

    /// <summary>Characters of a name that a message shows.</summary>
    private const int MaxShown = 100;

    private const ulong MaxFieldNumber = (1 << 29) - 1;

    private const string Damaged = "The file is damaged, cut short, or not ONNX; copy or export it again";

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly string _source;
    private readonly int _maxParts;
    private readonly Stack<string> _path = new();
    private int _position;
    private int _parts;

    private WireScan(ReadOnlySpan<byte> bytes, string source, int maxParts)
    {
        _bytes = bytes;
        _source = source;
        _maxParts = maxParts;
    }

    /// <summary>Checks that <paramref name="bytes"/> are a well-formed message of the given type.</summary>
    /// <exception cref="ModelFormatException">They are not, or are over the limits.</exception>
    public static void Check(ReadOnlySpan<byte> bytes, MessageDescriptor type, string source, ModelLimits limits) =>
        new WireScan(bytes, source, limits.MaxParts).Message(type, bytes.Length);

    private void Message(MessageDescriptor? type, int end)
    {
        if (_path.Count >= MaxDepth) throw Error("is nested too deeply", _position, $"At most {MaxDepth} levels are read; flatten the model");
        while (_position < end) Field(type, end);
    }

    private void Field(MessageDescriptor? type, int end)
    {
        var start = _position;
        var tag = Varint(end);
        if (tag >> 3 is 0 or > MaxFieldNumber) throw Error("has a field without a valid number", start);
        var field = type?.FindFieldByNumber((int)(tag >> 3));
        _path.Push(field?.Name ?? $"field {tag >> 3}");
        switch (tag & 7)
        {
            case 0: Varint(end); break;
            case 1: Skip(sizeof(ulong), start, end); break;
            case 2: Delimited(field, start, end); break;
            case 5: Skip(sizeof(uint), start, end); break;
            default: throw Error($"has wire type {tag & 7}, which ONNX does not use", start);
        }

        _path.Pop();
    }

    private void Delimited(FieldDescriptor? field, int start, int end)
    {
        if (++_parts > _maxParts)
            throw Error($"is one part more than the {_maxParts} allowed", start, $"Raise {nameof(ModelLimits)}.{nameof(ModelLimits.MaxParts)} if the file is trusted");
        var length = Varint(end);
        if (length > (ulong)(end - _position)) throw Error($"states {length} bytes where {end - _position} are left", start);
        var fieldEnd = _position + (int)length;
        switch (field?.FieldType)
        {
            case FieldType.Message: Message(field.MessageType, fieldEnd); break;
            case FieldType.String when !Utf8.IsValid(_bytes[_position..fieldEnd]): throw Error("is text that is not UTF-8", start);
            case FieldType.String when !IsFreeText(field) && _bytes[_position..fieldEnd].Contains((byte)0):
                var name = Encoding.UTF8.GetString(_bytes[_position..fieldEnd]).Replace("\0", "\\0", StringComparison.Ordinal);
                throw Error($"is '{(name.Length > MaxShown ? name[..MaxShown] + "…" : name)}' with a NUL character, where ONNX Runtime takes names to end", start, "Rename it, or export the model again");
            case FieldType.Int32 or FieldType.Int64 or FieldType.UInt64: PackedVarints(fieldEnd); break;
            case FieldType.Float when length % sizeof(float) != 0: throw Error($"packs {length} bytes of 4-byte numbers", start);
            case FieldType.Double when length % sizeof(double) != 0: throw Error($"packs {length} bytes of 8-byte numbers", start);
            default: _position = fieldEnd; break;
        }
    }

    /// <summary>What is not a name, such as a property that the author added.</summary>
    private static bool IsFreeText(FieldDescriptor field) => field.ContainingType == StringStringEntryProto.Descriptor && field.FieldNumber == StringStringEntryProto.ValueFieldNumber;

    private void PackedVarints(int end)
    {
        while (_position < end) Varint(end);
    }

    private ulong Varint(int end)
    {
        var start = _position;
        ulong value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (_position >= end) throw Error("ends inside a number", start);
            var next = _bytes[_position++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }

        throw Error("has a number of more than ten bytes", start);
    }

    private void Skip(int length, int start, int end)
    {
        if (end - _position < length) throw Error("ends inside a number", start);
        _position += length;
    }

    private readonly ModelFormatException Error(string problem, int offset, string advice = Damaged) =>
        new(_source, $"{(_path.Count == 0 ? "the file" : $"'{Place()}'")} {problem}", advice + ".", offset);

    private readonly string Place()
    {
        string[] steps = [.. _path.Reverse()];
        return string.Join('.', steps.Length > MaxSteps ? [.. steps[..(MaxSteps / 2)], "…", .. steps[^(MaxSteps / 2)..]] : steps);
    }
}
