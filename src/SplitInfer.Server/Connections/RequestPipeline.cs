using System.Runtime.CompilerServices;

namespace SplitInfer.Server.Connections;

/// <summary>What becomes of a request between its receipt and its reply. The twin of the client's pipeline.</summary>
internal sealed class RequestPipeline(ConnectionTerms terms, ServerContext server)
{
    /// <summary>Runs a request that was received whole. Never throws: what goes wrong becomes the request's refusal.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask AnswerAsync(ServerRequest request)
    {
        try
        {
            await QueueAsync(request).ConfigureAwait(false);
            try
            {
                Decode(request);
                await RunAsync(request).ConfigureAwait(false);
            }
            finally
            {
                server.Scheduler.Release();
            }

            Encode(request);
        }
        catch (Exception exception)
        {
            request.Reply.Clear();
            request.Fail(exception, server.Log);
        }
    }

    /// <summary>Waits for a place before what is left of the boundary is decoded, since that is work too.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask QueueAsync(ServerRequest request)
    {
        await server.Scheduler.EnterAsync(request.Stop.Token).ConfigureAwait(false);
        request.Header.QueueUs = EndStage(request);
    }

    private void Decode(ServerRequest request)
    {
        // The clock is asked as well, since timers are late when there is much to do.
        if (request.Stop.IsCancellationRequested || request.StageBegan >= request.DueAt) throw new OperationCanceledException();
        request.Payload.Finish(request.Boundary.Span);
        request.Payload.Release();
        request.Header.DecodeUs = EndStage(request);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask RunAsync(ServerRequest request)
    {
        await terms.Model.RunAsync(request.Partition.Index, request.Boundary, request.Outputs, request.Stop.Token).ConfigureAwait(false);
        request.ReleaseBoundary();
        request.Header.RunUs = EndStage(request);
    }

    /// <summary>Encodes the outputs, of which what is large only in part: the rest while that travels.</summary>
    private void Encode(ServerRequest request)
    {
        request.Header.Codec = (uint)terms.ReplyCodec;
        request.Header.SymbolSizes.AddRange(terms.Layouts.Outputs(request.Partition.Index).Measure(request.Outputs.Span));
        request.Reply.Open(terms.Codecs[terms.ReplyCodec], request.Outputs);
        request.Reply.Prepare();
        request.Header.EncodeUs = EndStage(request);
    }

    private ulong EndStage(ServerRequest request)
    {
        var began = request.StageBegan;
        request.StageBegan = server.Time.GetTimestamp();
        return (ulong)server.Time.GetElapsedTime(began, request.StageBegan).TotalMicroseconds;
    }
}

