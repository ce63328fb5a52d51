using System.Runtime.CompilerServices;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Server.Monitoring;
using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server.Connections;

/// <summary>Handles the frames that a client sends after the handshake. One frame at a time.</summary>
internal sealed class RequestReader(FrameConnection connection, RequestTable requests, HandleTable handles, ConnectionTerms terms, ServerContext server) : IFrameHandler
{
    // A description of a model may be long.
    private const int OpeningCost = 5;

    // What one connection may have done while its machine is over its pace, without a pause.
    private const int MostPaced = 2000;

    private readonly HeaderParser<RequestHeader> _parser = new(new(), Headers.Clear);
    private readonly RequestAdmission _admission = new(terms, handles, server, requests);
    private ulong _lastId;
    private int _paced;

    public ValueTask<IThreadPoolWorkItem?> HandleFrameAsync(FrameReader reader) => reader.Frame.Type switch
    {
        FrameType.Request => BeginAsync(reader),
        FrameType.Data => ReceiveAsync(requests.Find(reader.Frame.RequestId) is { IsArriving: true } request
            ? request
            : throw ProtocolException.Violation($"data for {reader.Frame.RequestId}, of which no more is due"), reader),
        FrameType.Cancel => CancelAsync(reader),
        FrameType.OpenModel => OpenAsync((uint)reader.Frame.RequestId, Headers.Parse(OpenModel.Parser, reader.Header)),
        FrameType.CloseModel => CloseAsync((uint)reader.Frame.RequestId),
        FrameType.Ping => AnswerAsync(new HeaderOnlyMessage(FrameType.Pong, reader.Frame.RequestId)),
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
        request.Parent = server.Recorder.ParentOf(header);
        request.Refusal = requests.DrainRefusal ?? _admission.Admit(request, header);
        if (terms.HasReports && header.Report is { } report) request.Report = ReportReader.Read(report, request.Partitions, terms.CodecNames);
        // Before the payload is read, which the client then need not send: a refusal is of use as long as it is fast.
        if (request.Refusal is not null && reader.Frame.PayloadLength > 0) await RefuseAsync(request).ConfigureAwait(false);
        return await ReceiveAsync(request, reader).ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<IThreadPoolWorkItem?> ReceiveAsync(ServerRequest request, FrameReader reader)
    {
        // As bytes come, since a slow link may take longer for a frame than a client may stall.
        reader.Pace = request.Pace;
        request.CountFrame(reader.Frame.PayloadLength, server.Limits.Sizes.MaxBytes);
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
            // It is about to be enqueued, unless its tail has to be loaded first, and then it keeps no place from others.
            server.Scheduler.Forget(request);
            request.ReceivedAt = request.StageBegan = server.Time.GetTimestamp();
            if (request.Refusal is null) return request;
        }

        await RefuseAsync(request).ConfigureAwait(false);
        if (reader.Frame.EndOfMessage) await PaceAsync(1).ConfigureAwait(false);
        return null;
    }

    /// <summary>Tells the client of a refusal, once; it may still be sending the rest of the request.</summary>
    private async ValueTask RefuseAsync(ServerRequest request)
    {
        if (request.Refusal is not { } refusal) return;
        var (id, isAnswered) = (request.Id, request.IsAnswered);
        request.IsAnswered = true;
        if (!isAnswered) server.Log.RequestRefused(refusal);
        // The client may send its next request as soon as it sees the refusal, so there must be room for it by then.
        if (request.IsArriving) request.ReleaseBoundary();
        else requests.End(request);
        if (!isAnswered) await connection.Writer.SendAsync(LoadReport.Error(id, refusal, server.Scheduler, requests.Client)).ConfigureAwait(false);
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
        await PaceAsync(1).ConfigureAwait(false);
        return null;
    }

    private async ValueTask<IThreadPoolWorkItem?> OpenAsync(uint handle, OpenModel message)
    {
        OpenedModel? opened = null;
        handles.Use(handle);
        // Where only the connection goes, the client asks anew on its next one as soon as it makes a request.
        if ((requests.DrainRefusal is { Code: RefusalCode.ShuttingDown } ending ? ending : handles.Open(handle, message, out opened)) is { } refusal)
        {
            server.Log.ModelRefused(requests.Client.Text, refusal.Message);
            await connection.Writer.SendAsync(LoadReport.ModelRefused(handle, refusal, server.Scheduler, requests.Client)).ConfigureAwait(false);
            await PaceAsync(OpeningCost).ConfigureAwait(false);
            return null;
        }

        await connection.Writer.SendAsync(new HeaderOnlyMessage(FrameType.ModelOpened, handle, ModelReport.Opened(opened!.Lease.Model, message.Describe))).ConfigureAwait(false);
        opened.MarkAnnounced();
        // It may have been replaced just now.
        foreach (var replaced in handles.TakeReplaced()) await connection.Writer.SendAsync(ModelReport.Replaced(replaced)).ConfigureAwait(false);
        await PaceAsync(OpeningCost).ConfigureAwait(false);
        return null;
    }

    private async ValueTask<IThreadPoolWorkItem?> CloseAsync(uint handle)
    {
        handles.Close(handle);
        await PaceAsync(1).ConfigureAwait(false);
        return null;
    }

    private async ValueTask<IThreadPoolWorkItem?> AnswerAsync(HeaderOnlyMessage message)
    {
        await connection.Writer.SendAsync(message).ConfigureAwait(false);
        await PaceAsync(1).ConfigureAwait(false);
        return null;
    }

    /// <summary>Waits, where the client's machine has had too much done that no other limit counts.</summary>
    /// <exception cref="ProtocolException">It goes on for so long that what has come already would keep the connection for minutes.</exception>
    private ValueTask PaceAsync(int cost)
    {
        var wait = requests.Pace.Take(cost);
        _paced = wait > TimeSpan.Zero ? _paced + cost : 0;
        if (_paced > MostPaced) throw ProtocolException.Violation("too many pings, models that were opened and closed, and requests that were withdrawn or refused came one after the other");
        return wait > TimeSpan.Zero ? new(Task.Delay(wait, server.Time)) : default;
    }
}
