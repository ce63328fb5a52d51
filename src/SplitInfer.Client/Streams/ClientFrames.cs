using SplitInfer.Client.Attempts;
using SplitInfer.Policies.Streams;

namespace SplitInfer.Client.Streams;

/// <summary>Has a client infer the frames of a stream.</summary>
/// <param name="client">The client.</param>
internal sealed class ClientFrames(SplitInferenceClient client) : IFrameRunner
{
    public int? MaxInFlight
    {
        get
        {
            // The device runs one that needs no server's consent.
            var sum = 1L;
            foreach (var server in client.ServerHandles.All)
            {
                if (server.TransportOf(variant: 0).MaxInFlight is not { } most) return null;
                sum += Math.Max(most, 1);
            }

            return sum > 1 ? (int)Math.Min(sum, int.MaxValue) : null;
        }
    }

    public async Task<InferenceResult> RunAsync(StreamFrame frame, FrameRoute route, StreamClock clock, CancellationToken stop)
    {
        using var lane = client.Lanes.Open(route.Decision.Arm);
        return await client.InferFrameAsync(frame.Inputs, route.Decision, lane, attempt => frame.Times = Read(frame.Times, attempt, lane, clock), stop).ConfigureAwait(false);
    }

    private static StageTimes Read(in StageTimes begun, Attempt attempt, FrameLane lane, StreamClock clock)
    {
        var (isRemote, isReady, failed) = (!attempt.Decision.Arm.IsOnDevice, lane.ReadyAt != 0, attempt.ServerFailure ?? attempt.Result.ServerFailure);
        var ended = (isReady ? clock.At(lane.ReadyAt) : clock.Now) + (lane.IsEncodedLater ? attempt.Progress.EncodeSeconds : 0);
        var isAnswered = attempt.Result.IsFromServer;
        return begun with
        {
            // The gate may have been entered earlier, to load what was not loaded.
            DeviceBegan = isReady ? ended - attempt.HeadTime.TotalSeconds - (isRemote ? attempt.EncodeSeconds : 0) : ended,
            DeviceEnded = ended,
            SendBegan = isRemote && isReady && attempt.WaitedSeconds > 0 ? ended : double.NaN,
            RepliedAt = isAnswered ? clock.At(lane.RepliedAt) : double.NaN,
            Bits = 8.0 * attempt.Progress.BytesSent,
            ServerSeconds = attempt.Result.ServerTimings.TotalSeconds,
            ServerQueueSeconds = attempt.Result.ServerTimings.QueueSeconds,
            ServerPlaces = attempt.Result.ServerLoad.PlausiblePlaces,
            Fate = failed is null ? StreamFate.Completed : StreamFate.Failed,
        };
    }
}
