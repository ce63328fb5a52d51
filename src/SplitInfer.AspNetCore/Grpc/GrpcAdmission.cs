using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Http;
using SplitInfer.AspNetCore.Access;
using SplitInfer.AspNetCore.OpenInference;
using SplitInfer.Protocol;
using SplitInfer.Server;
using SplitInfer.Server.WholeModels;
using static SplitInfer.AspNetCore.Grpc.Messages.GRPCInferenceService;

namespace SplitInfer.AspNetCore.Grpc;

/// <summary>
/// Lets clients in before gRPC reads anything of theirs, and makes room for requests for outputs: for their bytes as they come, and then for what gRPC makes of
/// them.
/// </summary>
internal static class GrpcAdmission
{
    // A question has a name and a version at most, and what is read is not counted.
    private const int MaxQuestionBytes = 4096;

    private static readonly object Admitted = new();

    /// <summary>The largest message that a server takes.</summary>
    public static int MaxMessageBytes(long maxTensorBytes) => (int)Math.Min(int.MaxValue, Math.Min(maxTensorBytes, int.MaxValue) + RequestBounds.AllowanceBytes);

    /// <summary>Who has sent a request for outputs, and how long it took to come.</summary>
    /// <exception cref="InferenceException">It was not let in as such.</exception>
    public static (ForeignClient Client, TimeSpan Took) AdmittedTo(HttpContext context) => context.Items[Admitted] is ValueTuple<ForeignClient, TimeSpan> admitted
        ? admitted
        : throw new InferenceException(StatusCodes.Status500InternalServerError, "The server has not looked at this request. Map its service by MapSplitInferGrpc alone.");

    /// <summary>Serves a call, or says why not.</summary>
    /// <param name="context">The call.</param>
    /// <param name="server">The server that it is for.</param>
    /// <param name="next">Serves it.</param>
    public static async Task ServeAsync(HttpContext context, SplitInferServer server, RequestDelegate next)
    {
        try
        {
            // By what routing has found, since a path can be written in many ways.
            switch (context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.Name)
            {
                case nameof(GRPCInferenceServiceBase.ServerLive) or nameof(GRPCInferenceServiceBase.ServerReady):
                    _ = await new MessageBody(context).ReadLengthAsync(MaxQuestionBytes).ConfigureAwait(false);
                    break;
                case nameof(GRPCInferenceServiceBase.ModelInfer):
                    await InferAsync(context, server, next).ConfigureAwait(false);
                    return;
                default:
                    context.RequireKey(server);
                    _ = await new MessageBody(context).ReadLengthAsync(MaxQuestionBytes).ConfigureAwait(false);
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
        catch (Exception gone) when (gone is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to be answered.
            return;
        }

        await next(context).ConfigureAwait(false);
    }

    private static async Task InferAsync(HttpContext context, SplitInferServer server, RequestDelegate next)
    {
        var (client, began) = (context.RequireClient(server), TimeProvider.System.GetTimestamp());
        var models = server.WholeModels ?? throw Refusals.Stopping();
        var body = new MessageBody(context);
        var length = await body.ReadLengthAsync(MaxMessageBytes(models.Sizes.MaxBytes)).ConfigureAwait(false);
        using var room = models.Reserve(client);
        RequireRoom(room, length, length);
        room.Promise(length);
        if (await body.MeasureAsync(length, room.Hold).ConfigureAwait(false) is { } size)
        {
            // What came is in memory until it is parsed, and then the tensors are.
            var more = size.ParsedBytes + Math.Max(0, size.TensorBytes - length);
            RequireRoom(room, more, length + more);
            room.Promise(more);
            room.Hold(more);
        }

        context.Items[Admitted] = (client, TimeProvider.System.GetElapsedTime(began));
        await next(context).ConfigureAwait(false);
    }

    /// <summary>Refuses for good what no other load would leave room for: whoever is told to come back later would do so forever.</summary>
    private static void RequireRoom(Reservation room, long more, long all)
    {
        if (room.LimitOver(more) is { } limit)
            throw InferenceException.TooLarge($"The message comes to {all} bytes in the memory of the server, which is over Limits.{limit}. Send smaller tensors, or raise the limit.");
    }
}
