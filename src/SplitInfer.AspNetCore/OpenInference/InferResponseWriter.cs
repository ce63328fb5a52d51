using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using SplitInfer.Protocol;
using SplitInfer.Server.WholeModels;
using SplitInfer.Tensors;

namespace SplitInfer.AspNetCore.OpenInference;

/// <summary>Answers with outputs: as JSON, or as JSON with binary data behind it.</summary>
internal static class InferResponseWriter
{
    /// <summary>The header that says where the JSON of a body ends and its binary data begins.</summary>
    public const string HeaderLength = "Inference-Header-Content-Length";

    // Written before the client is waited for.
    private const int Elements = 4096, Bytes = 64 << 10;

    // What a number takes at most in JSON, with a comma.
    private const int MostBytesPerElement = 26;

    /// <summary>The outputs that a request wants, each with whether it is to be binary.</summary>
    /// <exception cref="InferenceException">There is no such output.</exception>
    public static List<(TensorSpec Spec, bool IsBinary)> Choose(InferRequest asked, WholeModelRequest request)
    {
        if (asked.Outputs.Count == 0) return [.. request.ModelOutputs.Select(spec => (spec, asked.IsBinary))];
        var chosen = new List<(TensorSpec Spec, bool IsBinary)>();
        foreach (var output in asked.Outputs)
        {
            var spec = request.ModelOutputs.FirstOrDefault(spec => spec.Name == output.Name)
                ?? throw InferenceException.Bad($"The model has no output '{PeerText.Clean(output.Name)}' here. It gives {string.Join(", ", request.ModelOutputs.Select(Datatypes.Describe))}.");
            if (chosen.Exists(one => one.Spec == spec)) throw InferenceException.Bad($"Output '{spec.Name}' is asked for twice. Ask for it once.");
            chosen.Add((spec, output.IsBinary ?? asked.IsBinary));
        }

        return chosen;
    }

    /// <summary>Answers.</summary>
    /// <param name="context">The request of HTTP.</param>
    /// <param name="asked">What was asked for.</param>
    /// <param name="request">Has run.</param>
    /// <param name="chosen">The outputs, as <see cref="Choose"/> gives them.</param>
    /// <exception cref="InferenceException">An output has a number that JSON does not have.</exception>
    /// <exception cref="TailRefusedException">There is no memory for the answer.</exception>
    public static async Task WriteAsync(HttpContext context, InferRequest asked, WholeModelRequest request, List<(TensorSpec Spec, bool IsBinary)> chosen)
    {
        List<(string Name, TensorValue Tensor, bool IsBinary)> outputs = [.. chosen.Select(one => (one.Spec.Name, request.OutputOf(one.Spec), one.IsBinary))];
        foreach (var (name, tensor, isBinary) in outputs)
        {
            if (isBinary) continue;
            if (!JsonElements.CanHold(tensor.ElementType)) throw InferenceException.NotSupported($"Output '{name}' is {Datatypes.WordOf(tensor.ElementType)}, which JSON does not have here. Ask for it with \"binary_data\": true.");
            if (!FiniteNumbers.AreIn(tensor)) throw InferenceException.Bad($"Output '{name}' has numbers that are infinite or none, which JSON does not have. Ask for it with \"binary_data\": true.");
        }

        context.Response.Headers.CacheControl = "no-store";
        if (outputs.Exists(static one => one.IsBinary)) await WriteBinaryAsync(context, asked, request, outputs).ConfigureAwait(false);
        else await WriteJsonAsync(context, asked, request, outputs).ConfigureAwait(false);
        request.BytesSent = outputs.Sum(static one => (long)one.Tensor.ByteLength);
    }

    private static async Task WriteJsonAsync(HttpContext context, InferRequest asked, WholeModelRequest request, List<(string Name, TensorValue Tensor, bool IsBinary)> outputs)
    {
        context.Response.ContentType = "application/json";
        var body = context.Response.BodyWriter;
        await using var writer = new Utf8JsonWriter(body);
        Begin(writer, asked, request);
        foreach (var (name, tensor, _) in outputs)
        {
            BeginOutput(writer, name, tensor);
            writer.WriteStartArray("data");
            var count = (int)tensor.Shape.ElementCount;
            for (var start = 0; start < count; start += Elements)
            {
                JsonElements.Write(writer, tensor, start, Math.Min(Elements, count - start));
                await writer.FlushAsync(context.RequestAborted).ConfigureAwait(false);
                await body.FlushAsync(context.RequestAborted).ConfigureAwait(false);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        await writer.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task WriteBinaryAsync(HttpContext context, InferRequest asked, WholeModelRequest request, List<(string Name, TensorValue Tensor, bool IsBinary)> outputs)
    {
        // Its length is needed before it is sent.
        var text = MostBytesPerElement * outputs.Where(static one => !one.IsBinary).Sum(static one => one.Tensor.Shape.ElementCount);
        request.Promise(text);
        request.Hold(text);
        var header = new ArrayBufferWriter<byte>();
        var writer = new Utf8JsonWriter(header);
        await using (writer.ConfigureAwait(false))
        {
            Begin(writer, asked, request);
            foreach (var (name, tensor, isBinary) in outputs)
            {
                BeginOutput(writer, name, tensor);
                if (isBinary)
                {
                    writer.WriteStartObject("parameters");
                    writer.WriteNumber("binary_data_size", tensor.ByteLength);
                    writer.WriteEndObject();
                }
                else
                {
                    writer.WriteStartArray("data");
                    JsonElements.Write(writer, tensor, 0, (int)tensor.Shape.ElementCount);
                    writer.WriteEndArray();
                }

                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        context.Response.ContentType = "application/octet-stream";
        context.Response.ContentLength = header.WrittenCount + outputs.Where(static one => one.IsBinary).Sum(static one => (long)one.Tensor.ByteLength);
        context.Response.Headers[HeaderLength] = header.WrittenCount.ToString(CultureInfo.InvariantCulture);
        await WriteAsync(context, header.WrittenMemory).ConfigureAwait(false);
        foreach (var (_, tensor, isBinary) in outputs)
            if (isBinary) await WriteAsync(context, tensor.Bytes).ConfigureAwait(false);
    }

    /// <summary>Writes piece by piece, since the HTTP server would copy all of what it is given at once.</summary>
    private static async Task WriteAsync(HttpContext context, ReadOnlyMemory<byte> bytes)
    {
        for (; !bytes.IsEmpty; bytes = bytes[Math.Min(Bytes, bytes.Length)..])
            await context.Response.Body.WriteAsync(bytes[..Math.Min(Bytes, bytes.Length)], context.RequestAborted).ConfigureAwait(false);
    }

    private static void Begin(Utf8JsonWriter writer, InferRequest asked, WholeModelRequest request)
    {
        writer.WriteStartObject();
        writer.WriteString("model_name", request.ModelName);
        writer.WriteString("model_version", request.ModelVersion);
        if (asked.Id is not null) writer.WriteString("id", asked.Id);
        writer.WriteStartArray("outputs");
    }

    private static void BeginOutput(Utf8JsonWriter writer, string name, TensorValue tensor)
    {
        writer.WriteStartObject();
        writer.WriteString("name", name);
        writer.WriteString("datatype", Datatypes.WordOf(tensor.ElementType));
        writer.WriteStartArray("shape");
        foreach (var size in tensor.Shape.Dimensions) writer.WriteNumberValue(size);
        writer.WriteEndArray();
    }
}
