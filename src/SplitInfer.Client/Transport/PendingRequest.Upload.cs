using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;

namespace SplitInfer.Client.Transport;

/// <content>The request's way out: one slab is encoded while the one before travels.</content>
internal sealed partial class PendingRequest : IOutgoingMessage
{
    private readonly OutgoingPayload _payload = new();
    private readonly RequestHeader _header = new();
    private TailRequest? _request;
    private ClientReport? _report;
    private bool _isReady;
    private long _isReadySince;
    private bool _isSent;

    public void Prepare()
    {
        // The boundary is the caller's, who may change it once the request is completed: so not while a slab is encoded.
        lock (_gate)
        {
            if (_isCompleted) return;
            try
            {
                if (_isReady) _payload.Prepare();
                else PrepareFirst(_request!);
            }
            catch (Exception exception)
            {
                Fail(exception);
            }
        }
    }

    public bool WriteFrame(OutgoingFrame frame)
    {
        // For the same reason not while a frame takes bytes of it.
        lock (_gate)
        {
            if (_isCompleted) return Id != 0 && new HeaderOnlyMessage(FrameType.Cancel, Id).WriteFrame(frame);
            if (Id == 0)
            {
                // Throws where the connection has ended; a report that was taken would be lost.
                Id = _connection.Pending.Add(this);
                if (_model!.Reports is { } reports && _connection.Terms is { } terms) _header.Report = reports.Take(terms.HasReports, terms.CodecNames, ref _report);
                if (_request!.MinQuality is { } least && _connection.Terms is { HasExits: true })
                {
                    // 0 on the wire asks for the model's own outputs.
                    (_header.MinQuality, _header.User) = (Math.Max((float)least, float.Epsilon), _request.User);
                    Reply.AllowsExits = true;
                }

                _header.BudgetUs = _request!.Remaining is { } remaining ? (ulong)Math.Max(1, remaining.TotalMicroseconds) : 0;
                frame.Begin(FrameType.Request, Id, _header);
            }
            else
            {
                frame.Begin(FrameType.Data, Id);
            }

            frame.Add(_payload);
            _request!.Progress.BytesSent = _payload.Taken;
            _isSent = _payload.IsTaken;
            if (_isSent) _request.Progress.SendSeconds = _time.GetElapsedTime(_isReadySince).TotalSeconds;
            frame.End(_isSent);
            return !_isSent;
        }
    }

    /// <summary>Only the first slab counts as encoding: the others are encoded while those before them travel.</summary>
    private void PrepareFirst(TailRequest request)
    {
        var began = _time.GetTimestamp();
        _payload.Open(request.Codec, request.Boundary);
        _payload.Prepare();
        request.Progress.EncodeSeconds = _time.GetElapsedTime(began).TotalSeconds;
        (_isReady, _isReadySince) = (true, _time.GetTimestamp());
    }

    private async Task SendAsync()
    {
        try
        {
            // Here, where nothing is held: a policy may take its time.
            _model!.Reports?.UpdateEstimate();
            await _connection.Writer.SendAsync(this).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Fail(await _connection.EndAfterSendFailureAsync(exception).ConfigureAwait(false));
        }

        _payload.Clear();
        _request = null;
        // The server never heard of a request without an id, so no answer releases the reader's reference.
        if (Id == 0) ReleaseWire();
        ReleaseWire();
    }
}
