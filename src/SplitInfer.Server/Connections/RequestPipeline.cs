namespace SplitInfer.Server.Connections;

/// <summary>The stages of a request between its receipt and its reply, on either side of its run. Never throws: what goes wrong becomes the request's refusal.</summary>
internal sealed class RequestPipeline(ConnectionTerms terms, ServerContext server)
{
    /// <summary>
    /// Decodes what is left of the boundary, rents the tail, and hands the request to the scheduler. None of this holds a place to run: a tail
    /// that has to be loaded first delays no other.
    /// </summary>
    /// <param name="request">A request that was received whole; not to be touched afterwards, since it may have ended.</param>
    public async Task BeginAsync(ServerRequest request)
    {
        try
        {
            // The clock is asked as well, since timers are late when there is much to do.
            if (request.Stop.IsCancellationRequested || request.StageBegan >= request.Terms.DueAt) throw new OperationCanceledException();
            request.Decode();
            request.Reply.Header.DecodeUs = EndStage(request, server.Time.GetTimestamp());
            await request.RentTailAsync(request.StageBegan).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            request.Failure = exception;
            request.OnEnded();
            return;
        }

        server.Scheduler.Enqueue(request);
    }

    /// <summary>Encodes the outputs, of which what is large only in part: the rest while that travels.</summary>
    /// <param name="request">A request that has run, or will not.</param>
    public void Complete(ServerRequest request)
    {
        request.ReturnTail();
        try
        {
            if (request.Failure is { } failure)
            {
                request.Fail(failure, server.Log);
                return;
            }

            request.ReleaseBoundary();
            request.HoldOutputs();
            request.Reply.Header.QueueUs = EndStage(request, request.StartedAt);
            request.Reply.Header.RunUs = EndStage(request, request.EndedAt);
            request.Reply.Header.Codec = (uint)terms.ReplyCodec;
            request.Reply.Header.SymbolSizes.AddRange(request.Layouts.Outputs(request.Partition.Index).Measure(request.Outputs.Span));
            if (request.Exits is { } exits) (request.Reply.Header.Exit, request.Reply.Header.Confidence) = ((uint)exits.ExitNumber, (float)exits.Confidence);
            request.Reply.Open(terms.Codecs[terms.ReplyCodec], request.Outputs);
            request.Reply.Header.EncodeUs = EndStage(request, server.Time.GetTimestamp());
        }
        catch (Exception exception)
        {
            request.ReleaseOutputs();
            request.Fail(exception, server.Log);
        }
    }

    private ulong EndStage(ServerRequest request, long endedAt)
    {
        var began = request.StageBegan;
        request.StageBegan = endedAt;
        return (ulong)server.Time.GetElapsedTime(began, endedAt).TotalMicroseconds;
    }
}
