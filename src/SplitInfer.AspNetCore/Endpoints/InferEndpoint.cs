using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;
using SplitInfer.AspNetCore.Access;
using SplitInfer.AspNetCore.OpenInference;
using SplitInfer.Protocol;
using SplitInfer.Server;
using SplitInfer.Server.WholeModels;

namespace SplitInfer.AspNetCore.Endpoints;

/// <summary>Runs a whole model on the tensors of a request, and answers with its outputs.</summary>
internal static class InferEndpoint
{
    /// <summary>How tensors travel, for telemetry.</summary>
    public const string Json = "Json", Binary = "Binary";

    // What is read at a time, and counted.
    private const int PieceBytes = 64 << 10;

    /// <summary>Answers a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="withModel">Goes on with the model that the path names, or answers that there is none.</param>
    public static async Task AnswerAsync(HttpContext context, Func<HttpContext, Func<ServedModelStatus, Task>, Task> withModel)
    {
        try
        {
            var client = context.RequireClient(context.Server);
            await withModel(context, model => AnswerAsync(context, client, model)).ConfigureAwait(false);
        }
        catch (InferenceException refused) when (!context.Response.HasStarted)
        {
            await context.WriteErrorAsync(refused).ConfigureAwait(false);
        }
    }

    private static async Task AnswerAsync(HttpContext context, ForeignClient client, ServedModelStatus model)
    {
        var models = context.Server.WholeModels ?? throw Refusals.Stopping();
        var header = HeaderLengthOf(context.Request);
        RequireEncoding(context.Request);
        var limit = models.Sizes.MaxBytes <= long.MaxValue - RequestBounds.AllowanceBytes ? models.Sizes.MaxBytes + RequestBounds.AllowanceBytes : long.MaxValue;
        if (context.Request.ContentLength > limit) throw TooLarge(limit);
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = limit;
        try
        {
            using var request = models.Begin(client, model.Name, model.Version, header is null ? Json : Binary, context.RequestAborted);
            try
            {
                var asked = await RunAsync(context, request, header, models, limit).ConfigureAwait(false);
                await InferResponseWriter.WriteAsync(context, asked, request, InferResponseWriter.Choose(asked, request)).ConfigureAwait(false);
            }
            catch (InferenceException refused)
            {
                request.Reject(refused.Code, refused.Message);
                throw;
            }
            catch (Exception error) when (error is not (TailRefusedException or BadHttpRequestException or OperationCanceledException or IOException))
            {
                throw Refusals.Of(request.Fail(error));
            }
        }
        catch (TailRefusedException refused)
        {
            throw Refusals.Of(refused);
        }
        catch (BadHttpRequestException broken)
        {
            throw broken.StatusCode == StatusCodes.Status413PayloadTooLarge ? TooLarge(limit) : new InferenceException(broken.StatusCode, "The body did not come as HTTP has it, or too slowly. Send the request again.");
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to be answered.
        }
    }

    /// <summary>Reads the tensors and runs the model.</summary>
    /// <returns>What was asked for.</returns>
    private static async Task<InferRequest> RunAsync(HttpContext context, WholeModelRequest request, long? header, WholeModelService models, long limit)
    {
        using var tensors = new InputTensors(request, models.Sizes);
        var asked = await ReadAsync(context, request, tensors, header, limit).ConfigureAwait(false);
        // What is asked for wrongly costs no run.
        _ = InferResponseWriter.Choose(asked, request);
        if (asked.Deadline is { } deadline) request.ExpireAfter(deadline);
        await request.RunAsync(tensors.Take()).ConfigureAwait(false);
        return asked;
    }

    private static async Task<InferRequest> ReadAsync(HttpContext context, WholeModelRequest request, InputTensors tensors, long? header, long limit)
    {
        var (body, stop) = (context.Request.Body, context.RequestAborted);
        using var text = new BodyBuffer(request);
        var asked = InferRequestReader.Read(await text.ReadAsync(body, header, limit, stop).ConfigureAwait(false));
        var places = new int[asked.Inputs.Count];
        for (var input = 0; input < places.Length; input++)
        {
            var (name, datatype, shape, size, _) = asked.Inputs[input];
            if (size is not null && header is null) throw InferenceException.Bad($"Input '{PeerText.Clean(name)}' has \"binary_data_size\", and the request has no {InferResponseWriter.HeaderLength}. State the length of the JSON there.");
            places[input] = tensors.Expect(name, datatype, shape, size);
        }

        tensors.Allocate();
        for (var input = 0; input < places.Length; input++)
        {
            var tensor = tensors[places[input]];
            if (asked.Inputs[input].BinarySize is null)
            {
                request.Hold(tensor.ByteLength);
                JsonElements.Read(asked.Inputs[input].Data, request.Inputs[places[input]].Name, tensor);
                continue;
            }

            await FillAsync(body, tensor.Bytes, request, stop).ConfigureAwait(false);
            tensors.Check(places[input]);
        }

        if (header is not null && await body.ReadAsync(new byte[1], stop).ConfigureAwait(false) > 0)
            throw InferenceException.Bad("The body has more bytes than its JSON and the \"binary_data_size\" of its inputs together.");
        return asked;
    }

    /// <summary>Reads the elements of a tensor, which are counted as they come: a client that only announces them holds none.</summary>
    private static async Task FillAsync(Stream body, Memory<byte> tensor, WholeModelRequest request, CancellationToken cancellationToken)
    {
        while (!tensor.IsEmpty)
        {
            var read = await body.ReadAsync(tensor[..Math.Min(PieceBytes, tensor.Length)], cancellationToken).ConfigureAwait(false);
            if (read == 0) throw InferenceException.Bad($"The body ends {tensor.Length} bytes before the end of its binary data.");
            request.Hold(read);
            tensor = tensor[read..];
        }
    }

    private static long? HeaderLengthOf(HttpRequest request)
    {
        var header = request.Headers[InferResponseWriter.HeaderLength];
        if (header.Count == 0) return null;
        return header.Count == 1 && long.TryParse(header[0], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            ? length
            : throw InferenceException.Bad($"{InferResponseWriter.HeaderLength} is no number of bytes. State the length of the JSON, or leave it out where there is no binary data.");
    }

    private static void RequireEncoding(HttpRequest request)
    {
        foreach (var encoding in request.Headers[HeaderNames.ContentEncoding])
        {
            if (string.IsNullOrEmpty(encoding) || encoding.Equals("identity", StringComparison.OrdinalIgnoreCase)) continue;
            throw new InferenceException(StatusCodes.Status415UnsupportedMediaType, "The body is compressed, which the server does not take. Send it as it is, without Content-Encoding.");
        }
    }

    private static InferenceException TooLarge(long limit) =>
        InferenceException.TooLarge($"The body has more than {limit} bytes, the most that the server takes. Send smaller tensors, send them as binary data, or raise Limits.Sizes.MaxBytes.");
}
