using System.Buffers;
using SplitInfer.AspNetCore.OpenInference;

namespace SplitInfer.AspNetCore.Grpc;

/// <summary>What a request for outputs comes to, once gRPC has made objects of it.</summary>
/// <param name="ParsedBytes">Bytes that the objects take at most; twice that is allocated for them at most, since lists grow.</param>
/// <param name="TensorBytes">Bytes that its elements take as tensors, at most.</param>
internal readonly record struct InferMessageSize(long ParsedBytes, long TensorBytes);

/// <summary>
/// Looks at the tags and lengths of a request for outputs before gRPC makes objects of it. Two bytes can be an input, which takes some hundreds as an object, so
/// that the length of a message says nothing of the memory that it takes: the number of everything that becomes an object is bounded here, and what
/// elements become is counted.
/// </summary>
internal ref struct InferMessage
{
    /// <summary>Inputs, outputs, raw contents, parameters, elements of BYTES, lists of elements and unknown fields in a message, of each.</summary>
    public const int MaxParts = RequestBounds.MaxTensors;

    // What objects take on 64 bits, with those that they always have and their share of the lists that they are in; rounded up.
    private const int RequestBytes = 2048, InputBytes = 1024, OutputBytes = 512, ParameterBytes = 768, ContentsBytes = 1024, ListBytes = 256, BytesBytes = 128, TextBytes = 128, UnknownBytes = 768;

    // Of texts, which may be put together from pieces first.
    private const int MostBytesPerTextByte = 3;

    // A list whose length is not known beforehand is at times copied to another of twice the size.
    private const int GrowingCopies = 3;

    private MessageCursor _cursor;
    private int _inputs, _outputs, _raw, _parameters, _bytes, _lists, _unknown;
    private long _parsed, _tensors;

    private InferMessage(in ReadOnlySequence<byte> message)
    {
        _cursor = new(message);
        _parsed = RequestBytes;
    }

    /// <summary>Measures a message.</summary>
    /// <exception cref="InferenceException">It has too many parts, or is none.</exception>
    public static InferMessageSize Measure(in ReadOnlySequence<byte> message)
    {
        var measured = new InferMessage(message);
        measured.ReadRequest();
        return new(measured._parsed, measured._tensors);
    }

    private void ReadRequest()
    {
        var singular = default(Singular);
        while (_cursor.NextTag() is not 0 and var tag)
        {
            switch (tag)
            {
                // The name of the model, its version, and the id.
                case 0x0A or 0x12 or 0x1A: ReadText(ref singular, tag); break;
                case 0x22: ReadParameter(); break;
                case 0x2A: ReadInput(); break;
                case 0x32: ReadOutput(); break;
                case 0x3A:
                    Count(ref _raw, "raw_input_contents", BytesBytes);
                    AddElements(_cursor.SkipBytes(), sizeof(byte), isGrowing: false);
                    break;
                default: ReadUnknown(tag); break;
            }
        }
    }

    private void ReadInput()
    {
        Count(ref _inputs, "inputs", InputBytes);
        var (outer, singular, rank) = (_cursor.Enter(), default(Singular), 0L);
        while (_cursor.NextTag() is not 0 and var tag)
        {
            switch (tag)
            {
                // The name, and the datatype.
                case 0x0A or 0x12: ReadText(ref singular, tag); break;
                // The shape, a number at a time or all at once.
                case 0x18:
                    _cursor.Skip(tag);
                    AddAxes(ref rank, 1);
                    break;
                case 0x1A:
                    Count(ref _lists, "lists of numbers", ListBytes);
                    AddAxes(ref rank, _cursor.SkipVarints());
                    break;
                case 0x22: ReadParameter(); break;
                case 0x2A:
                    RequireFirst(ref singular, tag);
                    ReadContents();
                    break;
                default: ReadUnknown(tag); break;
            }
        }

        _cursor.Leave(outer);
    }

    private void ReadOutput()
    {
        Count(ref _outputs, "outputs", OutputBytes);
        var (outer, singular) = (_cursor.Enter(), default(Singular));
        while (_cursor.NextTag() is not 0 and var tag)
        {
            switch (tag)
            {
                case 0x0A: ReadText(ref singular, tag); break;
                case 0x12: ReadParameter(); break;
                default: ReadUnknown(tag); break;
            }
        }

        _cursor.Leave(outer);
    }

    /// <summary>An entry of a map: its key, and its value.</summary>
    private void ReadParameter()
    {
        Count(ref _parameters, "parameters", ParameterBytes);
        var (outer, singular) = (_cursor.Enter(), default(Singular));
        while (_cursor.NextTag() is not 0 and var tag)
        {
            switch (tag)
            {
                case 0x0A: ReadText(ref singular, tag); break;
                case 0x12:
                    RequireFirst(ref singular, tag);
                    ReadParameterValue();
                    break;
                default: ReadUnknown(tag); break;
            }
        }

        _cursor.Leave(outer);
    }

    private void ReadParameterValue()
    {
        var (outer, singular) = (_cursor.Enter(), default(Singular));
        while (_cursor.NextTag() is not 0 and var tag)
        {
            switch (tag)
            {
                // A truth value, whole numbers with and without a sign, and a number.
                case 0x08 or 0x10 or 0x21 or 0x28:
                    RequireFirst(ref singular, tag);
                    _cursor.Skip(tag);
                    break;
                case 0x1A: ReadText(ref singular, tag); break;
                default: ReadUnknown(tag); break;
            }
        }

        _cursor.Leave(outer);
    }

    private void ReadContents()
    {
        _parsed += ContentsBytes;
        var (outer, flags, singles, doubles) = (_cursor.Enter(), default(FixedList), default(FixedList), default(FixedList));
        while (_cursor.NextTag() is not 0 and var tag)
        {
            switch (tag)
            {
                case 0x08: AddOne(ref flags, tag, sizeof(bool)); break;
                // Room is made for as many as there are bytes.
                case 0x0A: AddFixed(ref flags, sizeof(bool)); break;
                case 0x10 or 0x20: AddOne(tag, sizeof(int)); break;
                case 0x12 or 0x22: AddVarints(sizeof(int)); break;
                case 0x18 or 0x28: AddOne(tag, sizeof(long)); break;
                case 0x1A or 0x2A: AddVarints(sizeof(long)); break;
                case 0x35: AddOne(ref singles, tag, sizeof(float)); break;
                case 0x32: AddFixed(ref singles, sizeof(float)); break;
                case 0x39: AddOne(ref doubles, tag, sizeof(double)); break;
                case 0x3A: AddFixed(ref doubles, sizeof(double)); break;
                case 0x42:
                    Count(ref _bytes, "bytes_contents", BytesBytes);
                    AddElements(_cursor.SkipBytes(), sizeof(byte), isGrowing: false);
                    break;
                default: ReadUnknown(tag); break;
            }
        }

        _cursor.Leave(outer);
    }

    private void AddOne(uint tag, int width)
    {
        _cursor.Skip(tag);
        AddElements(1, width, isGrowing: true);
    }

    private void AddVarints(int width)
    {
        Count(ref _lists, "lists of numbers", ListBytes);
        AddElements(_cursor.SkipVarints(), width, isGrowing: true);
    }

    private void AddOne(ref FixedList list, uint tag, int width)
    {
        Grow(ref list, width);
        AddOne(tag, width);
    }

    private void AddFixed(ref FixedList list, int width)
    {
        Count(ref _lists, "lists of numbers", ListBytes);
        var bytes = _cursor.SkipBytes();
        if (bytes % width != 0) throw _cursor.Malformed();
        var isFirst = !list.HasAny;
        Grow(ref list, width);
        if (isFirst) list.Exact = bytes / width;
        AddElements(bytes / width, width, isGrowing: !isFirst);
    }

    /// <summary>Something is appended to a list that had exactly the room for what it has.</summary>
    private void Grow(ref FixedList list, int width)
    {
        _parsed += (GrowingCopies - 1) * list.Exact * width;
        list = new() { HasAny = true };
    }

    private void AddElements(long count, int width, bool isGrowing)
    {
        _tensors += count * width;
        _parsed += count * width * (isGrowing ? GrowingCopies : 1);
    }

    private static void AddAxes(ref long rank, long count)
    {
        rank += count;
        if (rank > RequestBounds.MaxRank) throw InferenceException.Bad($"A shape of the message has more than {RequestBounds.MaxRank} dimensions.");
    }

    private void ReadText(ref Singular singular, uint tag)
    {
        RequireFirst(ref singular, tag);
        var length = _cursor.SkipBytes();
        if (length > RequestBounds.MaxTextBytes) throw InferenceException.Bad($"A text of the message has {length} bytes, and the server takes at most {RequestBounds.MaxTextBytes}. Send a shorter one.");
        _parsed += TextBytes + (MostBytesPerTextByte * length);
    }

    private void ReadUnknown(uint tag)
    {
        Count(ref _unknown, "fields that the protocol does not have", UnknownBytes);
        _parsed += _cursor.Skip(tag);
    }

    // Of a field that has one value the last one counts, and each would be made.
    private readonly void RequireFirst(ref Singular singular, uint tag)
    {
        if (!singular.IsFirst(tag)) throw InferenceException.Bad($"The message has a field with one value twice, at byte {_cursor.Position}. Send each once.");
    }

    private void Count(ref int parts, string name, int bytes)
    {
        _parsed += bytes;
        if (++parts > MaxParts) throw InferenceException.Bad($"The message has more than {MaxParts} {name}, the most that the server takes. Send fewer.");
    }

    /// <summary>A list of numbers that are all of the same length.</summary>
    private struct FixedList
    {
        /// <summary>Whether something has been read of it.</summary>
        public bool HasAny;

        /// <summary>The elements for which it has exactly the room; 0 once it grows.</summary>
        public long Exact;
    }

    /// <summary>The fields of a message that have been read, of those that have a single value.</summary>
    private struct Singular
    {
        private const int TypeBits = 3;

        private uint _read;

        public bool IsFirst(uint tag)
        {
            var field = 1u << (int)(tag >> TypeBits);
            if ((_read & field) != 0) return false;
            _read |= field;
            return true;
        }
    }
}
