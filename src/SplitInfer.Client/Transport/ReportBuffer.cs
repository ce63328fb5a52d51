using System.Collections.Immutable;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;

namespace SplitInfer.Client.Transport;

/// <summary>
/// What a client is going to tell one server of its requests, with the next that it sends there. Only counts and the last request are kept, so that it
/// never grows. Thread-safe.
/// </summary>
/// <param name="estimate">The link as the policy estimates it: round trip in s and bandwidth in bit/s; NaN for what it does not know. May take its time.</param>
/// <param name="time">The clock.</param>
internal sealed class ReportBuffer(Func<(double RoundTripSeconds, double BitsPerSecond)> estimate, TimeProvider time)
{
    // A policy may have to compute it.
    private static readonly TimeSpan EstimateInterval = TimeSpan.FromMilliseconds(200);

    private readonly Lock _gate = new();
    private volatile bool _isUnwanted;
    private FinishedAttempt _last;
    private uint _finished, _forced, _raced, _wonByDevice, _onDevice;
    private TimeSpan _onDeviceTime;
    private (ulong RoundTripUs, ulong BitsPerSecond) _link;
    private long? _estimatedAt;

    /// <summary>Whether the server may want reports. Assumed until it is known.</summary>
    public bool IsWanted => !_isUnwanted;

    /// <summary>A request that asked this server has its result.</summary>
    public void Add(in FinishedAttempt attempt)
    {
        lock (_gate)
        {
            _last = attempt;
            _finished++;
            if (attempt.IsForced) _forced++;
            if (attempt.IsRaced) _raced++;
            if (attempt.IsDevice) _wonByDevice++;
        }
    }

    /// <summary>A request that asked no server has its result.</summary>
    public void AddOnDevice(TimeSpan total)
    {
        lock (_gate)
        {
            _onDevice++;
            _onDeviceTime += total;
        }
    }

    /// <summary>Asks the policy anew, unless it was asked just now. Called while nothing is held that others need.</summary>
    public void UpdateEstimate()
    {
        if (_isUnwanted) return;
        lock (_gate)
        {
            var now = time.GetTimestamp();
            if (_estimatedAt is { } at && time.GetElapsedTime(at, now) < EstimateInterval) return;
            _estimatedAt = now;
        }

        (ulong RoundTripUs, ulong BitsPerSecond) link = default;
        try
        {
            var (roundTrip, bits) = estimate();
            link = (Whole(roundTrip * 1e6), Whole(bits));
        }
#pragma warning disable CA1031 // A policy of the application must not fail the request that would have told of it.
        catch (Exception)
#pragma warning restore CA1031
        {
            // The report tells nothing of the link.
        }

        lock (_gate) _link = link;
    }

    /// <summary>Takes what has not been told yet, as far as one report may tell.</summary>
    /// <param name="isAgreed">Whether the connection carries reports.</param>
    /// <param name="codecs">The codecs of the connection, by their index on the wire.</param>
    /// <param name="report">The message, which is used again; made where it is first needed.</param>
    /// <returns>The message; null where there is nothing to tell.</returns>
    public ClientReport? Take(bool isAgreed, ImmutableArray<string> codecs, ref ClientReport? report)
    {
        _isUnwanted = !isAgreed;
        if (!isAgreed) return null;
        lock (_gate)
        {
            if (_finished == 0 && _onDevice == 0) return null;
            report ??= new();
            (report.RoundTripUs, report.BitsPerSecond) = _link;
            if (_finished == 0) report.Last = null;
            else _last.Write(report.Last ??= new(), codecs);
            report.Finished = Part(ref _finished, ReportLimits.MaxRequests);
            (report.Forced, report.Raced, report.WonByDevice) = (Part(ref _forced, report.Finished), Part(ref _raced, report.Finished), Part(ref _wonByDevice, report.Finished));
            var onDeviceTime = _onDevice > ReportLimits.MaxRequests ? _onDeviceTime * ((double)ReportLimits.MaxRequests / _onDevice) : _onDeviceTime;
            (report.OnDevice, report.OnDeviceUs) = (Part(ref _onDevice, ReportLimits.MaxRequests), (ulong)onDeviceTime.TotalMicroseconds);
            _onDeviceTime -= onDeviceTime;
            return report;
        }
    }

    /// <summary>Takes at most so many off a count.</summary>
    private static uint Part(ref uint count, uint most)
    {
        var part = Math.Min(count, most);
        count -= part;
        return part;
    }

    // 0 stands for what is not known.
    private static ulong Whole(double value) => value >= 1 && value < 1e15 ? (ulong)value : 0;
}

/// <summary>A request that asked a server and has its result, for <see cref="ReportBuffer"/>. A stage that did not take place is zero.</summary>
internal readonly record struct FinishedAttempt
{
    public required int Partition { get; init; }

    public required string? Codec { get; init; }

    public required int Variant { get; init; }

    public required bool IsForced { get; init; }

    public required bool IsRaced { get; init; }

    /// <summary>Whether the result is the device's.</summary>
    public required bool IsDevice { get; init; }

    public required TimeSpan Decide { get; init; }

    public required TimeSpan Head { get; init; }

    public required TimeSpan Encode { get; init; }

    public required TimeSpan Send { get; init; }

    public required TimeSpan AtServer { get; init; }

    public required TimeSpan Reply { get; init; }

    /// <summary>The tail on the device.</summary>
    public required TimeSpan Tail { get; init; }

    public required TimeSpan Total { get; init; }

    /// <summary>What the policy expected, s; NaN where it expected nothing.</summary>
    public required double PredictedSeconds { get; init; }

    public void Write(FinishedRequest message, ImmutableArray<string> codecs)
    {
        (message.Partition, message.Codec, message.Variant) = ((uint)Partition, Codec is null ? 0 : (uint)(codecs.IndexOf(Codec) + 1), (uint)Math.Max(0, Variant));
        (message.IsForced, message.IsRaced, message.IsDevice) = (IsForced, IsRaced, IsDevice);
        (message.DecideUs, message.HeadUs, message.EncodeUs, message.SendUs) = (Us(Decide), Us(Head), Us(Encode), Us(Send));
        (message.ServerUs, message.ReplyUs, message.TailUs, message.TotalUs) = (Us(AtServer), Us(Reply), Us(Tail), Us(Total));
        message.PredictedUs = PredictedSeconds is > 0 and < uint.MaxValue / 1e6 ? (uint)(PredictedSeconds * 1e6) : 0;
    }

    private static uint Us(TimeSpan time) => (uint)Math.Clamp(time.TotalMicroseconds, 0, uint.MaxValue);
}
