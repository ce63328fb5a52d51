using System.Collections.Immutable;
using SplitInfer.Protocol;
using Message = SplitInfer.Protocol.Messages.ClientReport;

namespace SplitInfer.Server.Monitoring;

/// <summary>Reads what clients tell. Nothing of it is trusted: a report with a number that makes no sense is none.</summary>
internal static class ReportReader
{
    private const uint MostVariants = 1 << 16;
    private const ulong LongestUs = 86_400_000_000, FastestLink = 1_000_000_000_000_000;

    /// <summary>The report.</summary>
    /// <param name="message">What came.</param>
    /// <param name="partitions">How many partitions the model has that the client has open.</param>
    /// <param name="codecs">The codecs of the connection.</param>
    /// <returns>Null where there is nothing in it, or something impossible.</returns>
    public static ClientReport? Read(Message message, int partitions, ImmutableArray<string> codecs)
    {
        if (message.Finished == 0 && message.OnDevice == 0) return null;
        if (message.Finished > ReportLimits.MaxRequests || message.OnDevice > ReportLimits.MaxRequests) return null;
        if (Math.Max(message.Forced, Math.Max(message.Raced, message.WonByDevice)) > message.Finished) return null;
        if (message.RoundTripUs > LongestUs || message.BitsPerSecond > FastestLink || message.OnDeviceUs > LongestUs * Math.Max(1, message.OnDevice)) return null;
        ReportedRequest? last = null;
        if (message.Finished > 0)
        {
            if (message.Last is not { } told || told.Partition >= partitions || told.Variant > MostVariants) return null;
            last = new ReportedRequest
            {
                Partition = (int)told.Partition,
                Codec = told.Codec >= 1 && told.Codec <= codecs.Length ? codecs[(int)told.Codec - 1] : null,
                Variant = (int)told.Variant,
                IsForced = told.IsForced,
                IsRaced = told.IsRaced,
                IsDevice = told.IsDevice,
                Decide = Us(told.DecideUs),
                Head = Us(told.HeadUs),
                Encode = Us(told.EncodeUs),
                Send = Us(told.SendUs),
                Server = Us(told.ServerUs),
                Reply = Us(told.ReplyUs),
                Tail = Us(told.TailUs),
                Total = Us(told.TotalUs),
                Predicted = told.PredictedUs > 0 ? Us(told.PredictedUs) : null,
            };
        }

        return new()
        {
            RoundTripSeconds = message.RoundTripUs > 0 ? message.RoundTripUs / 1e6 : double.NaN,
            BitsPerSecond = message.BitsPerSecond > 0 ? message.BitsPerSecond : double.NaN,
            Finished = (int)message.Finished,
            Forced = (int)message.Forced,
            Raced = (int)message.Raced,
            WonByDevice = (int)message.WonByDevice,
            OnDevice = (int)message.OnDevice,
            OnDeviceTime = TimeSpan.FromMicroseconds(message.OnDeviceUs),
            Last = last,
        };
    }

    private static TimeSpan Us(uint microseconds) => TimeSpan.FromMicroseconds(microseconds);
}
