using System.Runtime.CompilerServices;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server.Connections;

/// <summary>Handles the frames that a client sends after the handshake. One frame at a time.</summary>
internal sealed class RequestReader(FrameConnection connection, RequestTable requests, HandleTable handles, ConnectionTerms terms, ServerContext server, long client) : IFrameHandler
{
    private readonly HeaderParser<RequestHeader> _parser = new(new(), Headers.Clear);
    private readonly RequestAdmission _admission = new(terms, handles, server, client);
    private ulong _lastId;

    public ValueTask<IThreadPoolWorkItem?> HandleFrameAsync(FrameReader reader) => reader.Frame.Type switch
    {
        FrameType.Request => BeginAsync(reader),
        FrameType.Data => ReceiveAsync(requests.Find(reader.Frame.RequestId) is { IsArriving: true } request
            ? request
            : throw ProtocolException.Violation($"data for {reader.Frame.RequestId}, of which no more is due"), reader),
        FrameType.Cancel => CancelAsync(reader),
        FrameType.OpenModel => OpenAsync((uint)reader.Frame.RequestId, Headers.Parse(OpenModel.Parser, reader.Header)),
        FrameType.CloseModel => Close((uint)reader.Frame.RequestId),
        FrameType.Ping => SendAsync(new HeaderOnlyMessage(FrameType.Pong, reader.Frame.RequestId)),
        _ => throw ProtocolException.Violation($"a {reader.Frame.Type} frame came from a client"),
    };

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<IThreadPoolWorkItem?> BeginAsync(FrameReader reader)
    {
        var id = reader.Frame.RequestId;
        if (id <= _lastId) throw ProtocolException.Violation($"request id {id} came after {_lastId}");
        _lastId = id;
        var header = _parser.Parse(reader.Header);
        var request = requests.Begin(id);
        reader.UnfinishedMessages++;
        request.Refusal = requests.IsDraining ? Refusal.ShuttingDown : _admission.Admit(request, header);
        return await ReceiveAsync(request, reader).ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<IThreadPoolWorkItem?> ReceiveAsync(ServerRequest request, FrameReader reader)
    {
        if (request.Refusal is null)
        {
            await reader.ReadPayloadAsync(request.Payload).ConfigureAwait(false);
            if (request.Payload.Failure is { } failure) request.Fail(failure, server.Log);
            else if (request.Stop.IsCancellationRequested) request.Refusal = Refusal.Late;
        }
        else
        {
            await reader.SkipPayloadAsync().ConfigureAwait(false);
        }

        if (reader.Frame.EndOfMessage)
        {
            reader.UnfinishedMessages--;
            request.IsArriving = false;
            request.StageBegan = server.Time.GetTimestamp();
            if (request.Refusal is null) return request;
        }

        await RefuseAsync(request).ConfigureAwait(false);
        return null;
    }

    /// <summary>Tells the client of a refusal, once; it may still be sending the rest of the request.</summary>
    private async ValueTask RefuseAsync(ServerRequest request)
    {
        if (request.Refusal is not { } refusal) return;
        var (id, isAnswered) = (request.Id, request.IsAnswered);
        request.IsAnswered = true;
        // The client may send its next request as soon as it sees the refusal, so there must be room for it by then.
        if (request.IsArriving) request.ReleaseBoundary();
        else requests.End(request);
        if (!isAnswered) await connection.Writer.SendAsync(LoadReport.Error(id, refusal, server.Scheduler)).ConfigureAwait(false);
    }

    private async ValueTask<IThreadPoolWorkItem?> CancelAsync(FrameReader reader)
    {
        var id = reader.Frame.RequestId;
        if (id == 0 || id > _lastId) throw ProtocolException.Violation($"request {id} was withdrawn before it was made");
        var request = requests.Find(id, out var stop);
        if (request is { IsArriving: true })
        {
            reader.UnfinishedMessages--;
            request.IsArriving = false;
            request.Refusal ??= Refusal.Cancelled;
            await RefuseAsync(request).ConfigureAwait(false);
        }
        else if (stop is not null)
        {
            request!.Withdraw(stop);
        }

        // Else the reply has been sent already, and crosses the withdrawal.
        return null;
    }

    private async ValueTask<IThreadPoolWorkItem?> OpenAsync(uint handle, OpenModel message)
    {
        OpenedModel? opened = null;
        handles.Use(handle);
        if ((requests.IsDraining ? Refusal.ShuttingDown : handles.Open(handle, message, out opened)) is { } refusal)
        {
            ServerLog.ModelRefused(server.Log, refusal.Message);
            await connection.Writer.SendAsync(LoadReport.ModelRefused(handle, refusal, server.Scheduler)).ConfigureAwait(false);
            return null;
        }

        await connection.Writer.SendAsync(new HeaderOnlyMessage(FrameType.ModelOpened, handle, ModelReport.Opened(opened!.Lease.Model))).ConfigureAwait(false);
        opened.MarkAnnounced();
        // It may have been replaced just now.
        foreach (var replaced in handles.TakeReplaced()) await connection.Writer.SendAsync(ModelReport.Replaced(replaced)).ConfigureAwait(false);
        return null;
    }

    private ValueTask<IThreadPoolWorkItem?> Close(uint handle)
    {
        handles.Close(handle);
        return default;
    }

    private async ValueTask<IThreadPoolWorkItem?> SendAsync(HeaderOnlyMessage message)
    {
        await connection.Writer.SendAsync(message).ConfigureAwait(false);
        return null;
    }
}
