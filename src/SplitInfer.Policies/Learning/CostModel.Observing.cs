using SplitInfer.Policies.Sharing;

namespace SplitInfer.Policies.Learning;

/// <content>What outcomes teach, each part of it to whom it is of.</content>
internal sealed partial class CostModel
{
    /// <summary>Learns what a request cost. True where its link or server turns out to have changed.</summary>
    public bool Observe(in Outcome outcome)
    {
        var (arm, sequence) = (outcome.Decision.Arm.Index, outcome.Decision.Sequence);
        if (!Arms[arm].IsOnDevice) Residuals.Observe(this, outcome);
        ObserveExit(arm, outcome);
        if (outcome is { LocalExitAnswered: { } hasAnswered, Kind: not OutcomeKind.LateReply } && LocalOf(outcome.Decision) is >= 0 and var standIn) Exits.ObserveStandIn(standIn, arm, hasAnswered);
        if (outcome.HeadSeconds > 0) ObserveHead(Arms[arm].IsOnDevice && !outcome.HasLeft ? Arms.WholeOf(arm) : arm, outcome.HeadSeconds, sequence);
        if (outcome.DeviceSeconds > 0 && LocalOf(outcome.Decision) is >= 0 and var local) ObserveHead(Answered(outcome, local) ? local : Arms.WholeOf(local), outcome.DeviceSeconds / RaceModel.Overhead, sequence);
        if (outcome.EncodeSeconds > 0) Device.ObserveEncode(arm, outcome.EncodeSeconds);
        if (Arms[arm].IsOnDevice) return false;

        var server = Servers[Arms[arm].Server];
        server.NoteReply(outcome);
        if (outcome is { Server: ServerOutcome.Refused, ServerPrice: > 0 and var price }) HearPrice(server.Congestion, price, outcome.ServerPlaces);

        // A broken connection does not reveal how fast the link was.
        if (outcome.OffloadSeconds <= 0 || outcome.Server == ServerOutcome.Failed) return false;
        if (server.IsStale(sequence)) return false;
        if (outcome.IsCensored)
        {
            server.Link.ObserveCensored(Bits(arm), outcome.OffloadSeconds - Tail(arm) - _waits[arm]);
            return false;
        }

        var bits = Math.Max(outcome.BytesSent * 8.0, 1);
        _payloads.Observe(arm, bits);
        var runSeconds = ObserveCongestion(server.Congestion, outcome);
        return server.Observe(Arms.Rows.Tail[arm], _payloads.WithoutExtra(arm, runSeconds), bits, outcome.OffloadSeconds - outcome.ServerSeconds, sequence);
    }

    /// <summary>Learns a round-trip time.</summary>
    /// <param name="server">The server that was pinged.</param>
    /// <param name="seconds">The time.</param>
    /// <param name="sequence">The last decision that was made.</param>
    public void ObserveRoundTrip(int server, double seconds, long sequence)
    {
        // A server that has no arms may be pinged all the same.
        if (server < Servers.Length && Servers[server].Link.ObserveRoundTrip(seconds) == Change.Jump) Servers[server].MarkChanged(sequence);
    }

    // A request that was not sent although no exit answered may not have come as far as its exit; one that another exit answered has, or that the device ran to the end.
    private void ObserveExit(int arm, in Outcome outcome)
    {
        var hasComeThere = outcome.HeadSeconds > 0 || outcome.Exit != 0 || (Arms[arm].IsOnDevice && outcome.Kind == OutcomeKind.Completed);
        if (outcome.Decision.Arm.Exit == 0 || outcome.IsExitBarred || outcome.Kind == OutcomeKind.LateReply || !hasComeThere) return;
        if (outcome.HasLeft) Exits.Observe(arm, hasAnswered: true);
        else if (Arms[arm].IsOnDevice || outcome.Server != ServerOutcome.NotAsked) Exits.Observe(arm, hasAnswered: false);
    }

    private bool Answered(in Outcome outcome, int local) => Arms[local].Exit != 0 && (outcome.LocalExitAnswered ?? outcome.Exit == Arms[local].Exit);

    private void ObserveHead(int arm, double seconds, long sequence)
    {
        if (Device.Measures(arm) && (Arms[arm].IsOnDevice || Device.Head(arm) >= SteadySeconds)) Residuals.ObserveDevice(seconds, Device.Head(arm), sequence);
        Device.ObserveHead(arm, seconds);
    }

    // The arm that the device ran beside the server or after it; −1 where it had none.
    private int LocalOf(in Decision decision) => decision.Local is { } local ? local.Index : Arms.LocalOf(decision.Arm.Index);

    private void HearPrice(ServerCongestion congestion, double price, int places)
    {
        congestion.Hear(price, places, _clock.Read());
        IsPriced |= congestion.IsPriced;
    }

    // What the server took beside waiting for a place, where the two are told apart.
    private double ObserveCongestion(ServerCongestion congestion, in Outcome outcome)
    {
        var runSeconds = Math.Max(outcome.ServerSeconds - outcome.QueueSeconds, 0);
        congestion.Observe(outcome.ServerPrice, outcome.ServerPlaces, Math.Min(outcome.QueueSeconds, outcome.ServerSeconds), runSeconds, _clock.Read());
        IsPriced |= congestion.IsPriced;
        return congestion.IsPriced ? runSeconds : outcome.ServerSeconds;
    }
}
