using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using SplitInfer.AspNetCore.Access;
using SplitInfer.AspNetCore.OpenInference;
using SplitInfer.Protocol;
using SplitInfer.Server;
using SplitInfer.Server.WholeModels;

namespace SplitInfer.AspNetCore.Grpc;

/// <summary>
/// Lets clients in before gRPC reads anything of theirs, and makes room for their messages, which gRPC takes into memory whole: by the length that stands
/// before each.
/// </summary>
internal static class GrpcAdmission
{
    // Whether it is compressed, and its length.
    private const int PrefixBytes = 5;

    // What gRPC has read, and what it makes of it.
    private const int Copies = 2;

    // Names, shapes and parameters beside the elements.
    private const long AllowanceBytes = 1 << 20;

    // A question has a name and a version at most, and what is read is not counted.
    private const int MaxQuestionBytes = 4096;

    private static readonly object Client = new();

    /// <summary>The largest message that a server takes.</summary>
    public static int MaxMessageBytes(long maxTensorBytes) => (int)Math.Min(int.MaxValue, Math.Min(maxTensorBytes, int.MaxValue) + AllowanceBytes);

    /// <summary>Who has sent a request for outputs.</summary>
    public static ForeignClient ClientOf(HttpContext context) => (ForeignClient)context.Items[Client]!;

    /// <summary>Serves a call, or says why not.</summary>
    /// <param name="context">The call.</param>
    /// <param name="server">The server that it is for.</param>
    /// <param name="next">Serves it.</param>
    public static async Task ServeAsync(HttpContext context, SplitInferServer server, RequestDelegate next)
    {
        try
        {
            switch (context.Request.Path.Value?.Split('/')[^1])
            {
                case "ServerLive" or "ServerReady":
                    _ = await LengthOfMessageAsync(context, MaxQuestionBytes).ConfigureAwait(false);
                    break;
                case "ModelInfer":
                    var client = context.RequireClient(server);
                    context.Items[Client] = client;
                    var length = await LengthOfMessageAsync(context, MaxMessageBytes((server.WholeModels ?? throw Refusals.Stopping()).Sizes.MaxBytes)).ConfigureAwait(false);
                    using (server.WholeModels?.Reserve(client, Copies * length))
                        await next(context).ConfigureAwait(false);
                    return;
                default:
                    context.RequireKey(server);
                    _ = await LengthOfMessageAsync(context, MaxQuestionBytes).ConfigureAwait(false);
                    break;
            }
        }
        catch (TailRefusedException refused)
        {
            GrpcErrors.Write(context, Refusals.Of(refused));
            return;
        }
        catch (InferenceException refused)
        {
            GrpcErrors.Write(context, refused);
            return;
        }

        await next(context).ConfigureAwait(false);
    }

    /// <summary>The length of the first message, which is left to be read.</summary>
    private static async Task<long> LengthOfMessageAsync(HttpContext context, long max)
    {
        // gRPC counts each message, and a body has one.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = max + PrefixBytes;
        var body = context.Request.BodyReader;
        var read = await body.ReadAtLeastAsync(PrefixBytes, context.RequestAborted).ConfigureAwait(false);
        var (isCompressed, length) = Read(read);
        body.AdvanceTo(read.Buffer.Start);
        if (isCompressed) throw InferenceException.NotSupported("The message is compressed, which the server does not take. Send it as it is.");
        return length <= max ? length : throw InferenceException.TooLarge($"The message has {length} bytes, and the server takes at most {max}. Send smaller tensors, or raise Limits.Sizes.MaxBytes.");
    }

    private static (bool IsCompressed, long Length) Read(in ReadResult read)
    {
        if (read.Buffer.Length < PrefixBytes) return (false, 0);
        Span<byte> prefix = stackalloc byte[PrefixBytes];
        read.Buffer.Slice(0, PrefixBytes).CopyTo(prefix);
        return (prefix[0] != 0, BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]));
    }
}
