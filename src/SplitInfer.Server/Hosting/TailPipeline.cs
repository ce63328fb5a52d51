using System.Runtime.CompilerServices;

namespace SplitInfer.Server.Hosting;

/// <summary>What becomes of a request between its receipt and its reply. The twin of the client's pipeline.</summary>
internal sealed class TailPipeline(ServerContext server)
{
    /// <summary>Runs a request that was received whole. Never throws: what goes wrong becomes the call's refusal.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask AnswerAsync(TailCall call)
    {
        try
        {
            await QueueAsync(call).ConfigureAwait(false);
            try
            {
                Decode(call);
                await RunAsync(call).ConfigureAwait(false);
            }
            finally
            {
                server.Queue.Leave();
            }

            Encode(call);
        }
        catch (Exception exception)
        {
            call.Reply.Clear();
            call.Fail(exception, server.Log);
        }
    }

    /// <summary>Waits for a place before what is left of the boundary is decoded, since that is work too.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask QueueAsync(TailCall call)
    {
        await server.Queue.EnterAsync(call.Stop.Token).ConfigureAwait(false);
        call.Header.QueueUs = EndStage(call);
    }

    private void Decode(TailCall call)
    {
        // The clock is asked as well, since timers are late when there is much to do.
        if (call.Stop.IsCancellationRequested || call.StageBegan >= call.DueAt) throw new OperationCanceledException();
        call.Payload.Finish(call.Boundary.Span);
        call.Payload.Release();
        call.Header.DecodeUs = EndStage(call);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask RunAsync(TailCall call)
    {
        await call.Owner.Agreement.Model.RunAsync(call.Partition.Index, call.Boundary, call.Outputs, call.Stop.Token).ConfigureAwait(false);
        call.ReleaseBoundary();
        call.Header.RunUs = EndStage(call);
    }

    /// <summary>Encodes the outputs, of which what is large only in part: the rest while that travels.</summary>
    private void Encode(TailCall call)
    {
        var agreement = call.Owner.Agreement;
        call.Header.Codec = (uint)agreement.ReplyCodec;
        call.Header.SymbolSizes.AddRange(agreement.Layouts.Outputs(call.Partition.Index).Measure(call.Outputs.Span));
        call.Reply.Open(agreement.Codecs[agreement.ReplyCodec], call.Outputs);
        call.Reply.Prepare();
        call.Header.EncodeUs = EndStage(call);
    }

    private ulong EndStage(TailCall call)
    {
        var began = call.StageBegan;
        call.StageBegan = server.Time.GetTimestamp();
        return (ulong)server.Time.GetElapsedTime(began, call.StageBegan).TotalMicroseconds;
    }}
