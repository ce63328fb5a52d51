using System.Buffers;
using System.Text.Json;
using SplitInfer.Protocol;

namespace SplitInfer.AspNetCore.OpenInference;

/// <summary>Reads requests for outputs from JSON, all but the elements of their tensors, which it only finds.</summary>
internal static class InferRequestReader
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 64 };

    private static readonly string[] NotSupported = ["classification", "shared_memory_region", "shared_memory_byte_size", "shared_memory_offset", "sequence_id", "sequence_start", "sequence_end"];

    /// <summary>Reads a request.</summary>
    /// <exception cref="InferenceException">It is none.</exception>
    public static InferRequest Read(ReadOnlySequence<byte> json)
    {
        try
        {
            return Parse(json);
        }
        catch (JsonException error)
        {
            throw InferenceException.Bad($"The request is not valid JSON, from line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1} on. Send {{\"inputs\":[…]}} as the Open Inference Protocol has it.");
        }
        catch (InvalidOperationException)
        {
            // What is escaped in a string, or its bytes, are no text.
            throw InferenceException.Bad("A text in the request is not valid Unicode. Send JSON in UTF-8.");
        }
    }

    private static InferRequest Parse(ReadOnlySequence<byte> json)
    {
        var reader = new Utf8JsonReader(json, Options);
        Require(reader.Read() && reader.TokenType == JsonTokenType.StartObject, "The request is no object of JSON. Send {\"inputs\":[…]}.");
        string? id = null;
        var settings = default(Settings);
        List<InferInput>? inputs = null;
        List<InferOutput>? outputs = null;
        while (NextProperty(ref reader) is { } property)
        {
            switch (property)
            {
                case "id": id = ReadText(ref reader, "id"); break;
                case "parameters": settings = ReadParameters(ref reader); break;
                case "inputs":
                    Require(inputs is null, "The request has \"inputs\" twice. Put all inputs into one array.");
                    inputs = [];
                    while (NextItem(ref reader, "inputs", inputs.Count)) inputs.Add(ReadInput(ref reader, json));
                    break;
                case "outputs":
                    Require(outputs is null, "The request has \"outputs\" twice. Put all outputs into one array.");
                    outputs = [];
                    while (NextItem(ref reader, "outputs", outputs.Count)) outputs.Add(ReadOutput(ref reader));
                    break;
                default: Skip(ref reader); break;
            }
        }

        Require(!reader.Read(), "There is something behind the object of the request. Send one object.");
        Require(inputs is not null, "The request has no \"inputs\". Send {\"inputs\":[…]}.");
        return new(id, settings.Timeout, settings.IsBinaryOutput, inputs!, outputs ?? []);
    }

    private static InferInput ReadInput(ref Utf8JsonReader reader, ReadOnlySequence<byte> json)
    {
        string? name = null, datatype = null;
        long[]? shape = null;
        var (settings, data) = (default(Settings), ReadOnlySequence<byte>.Empty);
        while (NextProperty(ref reader) is { } property)
        {
            switch (property)
            {
                case "name": name = ReadText(ref reader, "name"); break;
                case "datatype": datatype = ReadText(ref reader, "datatype"); break;
                case "shape": shape = ReadShape(ref reader); break;
                case "parameters": settings = ReadParameters(ref reader); break;
                case "data":
                    Require(reader.Read() && reader.TokenType == JsonTokenType.StartArray, "The \"data\" of an input is no array. Send its elements in row-major order, flat or nested.");
                    var start = reader.TokenStartIndex;
                    reader.Skip();
                    data = json.Slice(start, reader.BytesConsumed - start);
                    break;
                default: Skip(ref reader); break;
            }
        }

        Require(name is not null, "An input has no \"name\".");
        var shown = PeerText.Clean(name!);
        Require(datatype is not null && shape is not null, $"Input '{shown}' has no \"{(datatype is null ? "datatype" : "shape")}\".");
        Require(data.IsEmpty || settings.BinarySize is null, $"Input '{shown}' has \"data\" and \"binary_data_size\". Send its elements in one of the two ways.");
        Require(!data.IsEmpty || settings.BinarySize is not null, $"Input '{shown}' has no \"data\". Send its elements there, or binary behind the JSON with \"binary_data_size\".");
        return new(name!, datatype!, shape!, settings.BinarySize, data);
    }

    private static InferOutput ReadOutput(ref Utf8JsonReader reader)
    {
        string? name = null;
        var settings = default(Settings);
        while (NextProperty(ref reader) is { } property)
        {
            switch (property)
            {
                case "name": name = ReadText(ref reader, "name"); break;
                case "parameters": settings = ReadParameters(ref reader); break;
                default: Skip(ref reader); break;
            }
        }

        Require(name is not null, "An output has no \"name\".");
        return new(name!, settings.IsBinary);
    }

    private static Settings ReadParameters(ref Utf8JsonReader reader)
    {
        Require(reader.Read() && reader.TokenType is JsonTokenType.StartObject or JsonTokenType.Null, "\"parameters\" is no object.");
        var settings = default(Settings);
        if (reader.TokenType == JsonTokenType.Null) return settings;
        while (NextProperty(ref reader) is { } property)
        {
            switch (property)
            {
                case "binary_data_size": settings.BinarySize = ReadNumber(ref reader, property); break;
                case "binary_data": settings.IsBinary = ReadFlag(ref reader, property); break;
                case "binary_data_output": settings.IsBinaryOutput = ReadFlag(ref reader, property); break;
                case "timeout": settings.Timeout = ReadNumber(ref reader, property) is > 0 and var microseconds ? TimeSpan.FromMicroseconds(Math.Min(microseconds, RequestBounds.LongestDeadlineMicroseconds)) : null; break;
                case var other when NotSupported.Contains(other): throw InferenceException.NotSupported($"The parameter \"{other}\" is not supported. Leave it out.");
                default: Skip(ref reader); break;
            }
        }

        return settings;
    }

    private static long[] ReadShape(ref Utf8JsonReader reader)
    {
        Require(reader.Read() && reader.TokenType == JsonTokenType.StartArray, "The \"shape\" of an input is no array.");
        var shape = new List<long>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            Require(shape.Count < RequestBounds.MaxRank, $"A \"shape\" has more than {RequestBounds.MaxRank} dimensions.");
            Require(reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var size) && size >= 0, "A dimension of a \"shape\" is no whole number of 0 or more. State the sizes of this request.");
            shape.Add(reader.GetInt64());
        }

        return [.. shape];
    }

    /// <summary>The name of the next property of an object, whose value comes next; null at its end.</summary>
    private static string? NextProperty(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.EndObject ? null : TextOf(ref reader, "name of a property");
    }

    /// <summary>Goes on to the next object of an array.</summary>
    private static bool NextItem(ref Utf8JsonReader reader, string array, int count)
    {
        reader.Read();
        if (count == 0)
        {
            if (reader.TokenType == JsonTokenType.Null) return false;
            Require(reader.TokenType == JsonTokenType.StartArray, $"\"{array}\" is no array.");
            reader.Read();
        }

        if (reader.TokenType == JsonTokenType.EndArray) return false;
        Require(count < RequestBounds.MaxTensors, $"\"{array}\" has more than {RequestBounds.MaxTensors} tensors.");
        Require(reader.TokenType == JsonTokenType.StartObject, $"\"{array}\" has something that is no object.");
        return true;
    }

    private static void Skip(ref Utf8JsonReader reader)
    {
        reader.Read();
        reader.Skip();
    }

    private static string? ReadText(ref Utf8JsonReader reader, string of)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null) return null;
        Require(reader.TokenType == JsonTokenType.String, $"\"{of}\" is no text.");
        return TextOf(ref reader, $"\"{of}\"");
    }

    private static string TextOf(ref Utf8JsonReader reader, string of)
    {
        Require((reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length) <= RequestBounds.MaxTextBytes, $"The {of} has more than {RequestBounds.MaxTextBytes} bytes.");
        return reader.GetString()!;
    }

    private static long ReadNumber(ref Utf8JsonReader reader, string of)
    {
        reader.Read();
        Require(reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number) && number >= 0, $"\"{of}\" is no whole number of 0 or more.");
        return reader.GetInt64();
    }

    private static bool ReadFlag(ref Utf8JsonReader reader, string of)
    {
        reader.Read();
        Require(reader.TokenType is JsonTokenType.True or JsonTokenType.False, $"\"{of}\" is neither true nor false.");
        return reader.GetBoolean();
    }

    private static void Require(bool condition, string message)
    {
        if (!condition) throw InferenceException.Bad(message);
    }

    private struct Settings
    {
        public long? BinarySize;
        public bool? IsBinary;
        public bool IsBinaryOutput;
        public TimeSpan? Timeout;
    }
}
