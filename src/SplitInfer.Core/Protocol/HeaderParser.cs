using Google.Protobuf;

namespace SplitInfer.Protocol;

/// <summary>Parses protobuf headers into one and the same message, so that a request allocates none. One caller at a time; the message is good until the next call.</summary>
/// <param name="message">The message.</param>
/// <param name="clear">Sets all its fields back.</param>
internal sealed class HeaderParser<T>(T message, Action<T> clear) where T : class, IMessage<T>
{
    // Real ones have about a hundred bytes.
    private const int LargestKept = 4 << 10;

    // Unknown fields would pile up in a message that is reused.
    private readonly MessageParser<T> _parser = new MessageParser<T>(() => message).WithDiscardUnknownFields(true);

    /// <exception cref="ProtocolException">The bytes are not such a message.</exception>
    public T Parse(ReadOnlySpan<byte> header)
    {
        // A list keeps the memory that it once took, and a peer may send a long one on each connection and nothing after it.
        if (header.Length > LargestKept) return Headers.Parse((MessageParser<T>)message.Descriptor.Parser, header);
        clear(message);
        return Headers.Parse(_parser, header);
    }
}

/// <summary>Parses protobuf headers.</summary>
internal static class Headers
{
    /// <exception cref="ProtocolException">The bytes are not such a message.</exception>
    public static T Parse<T>(MessageParser<T> parser, ReadOnlySpan<byte> header) where T : IMessage<T>
    {
        try
        {
            return parser.ParseFrom(header);
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw ProtocolException.Violation($"the header of a frame is not a {typeof(T).Name}", exception);
        }
    }

    /// <summary>Sets all fields back, and keeps their memory.</summary>
    public static void Clear(Messages.RequestHeader header)
    {
        (header.Handle, header.Partition, header.Codec, header.Exit) = (0, 0, 0, 0);
        (header.BudgetUs, header.Weight, header.Priority, header.PlanCheck) = (0, 0, 0, 0);
        (header.TraceHigh, header.TraceLow, header.Span, header.TraceFlags, header.TraceState) = (0, 0, 0, 0, "");
        (header.MinQuality, header.User) = (0, "");
        header.SymbolSizes.Clear();
        if (header.Report is { } report) Clear(report);
    }

    /// <inheritdoc cref="Clear(Messages.RequestHeader)"/>
    public static void Clear(Messages.ClientReport report)
    {
        (report.RoundTripUs, report.BitsPerSecond) = (0, 0);
        (report.Finished, report.Forced, report.Raced, report.WonByDevice, report.OnDevice, report.OnDeviceUs) = (0, 0, 0, 0, 0, 0);
        if (report.Last is not { } last) return;
        (last.Partition, last.Codec, last.Variant, last.IsForced, last.IsRaced, last.IsDevice) = (0, 0, 0, false, false, false);
        (last.DecideUs, last.HeadUs, last.EncodeUs, last.SendUs, last.ServerUs, last.ReplyUs, last.TailUs, last.TotalUs, last.PredictedUs) = (0, 0, 0, 0, 0, 0, 0, 0, 0);
    }

    /// <inheritdoc cref="Clear(Messages.RequestHeader)"/>
    public static void Clear(Messages.ResponseHeader header)
    {
        (header.Codec, header.QueueUs, header.DecodeUs, header.RunUs, header.EncodeUs) = (0, 0, 0, 0, 0);
        (header.Exit, header.Confidence) = (0, 0);
        header.SymbolSizes.Clear();
        if (header.Load is { } load) (load.Running, load.Queued, load.Places, load.WaitUs, load.Price) = (0, 0, 0, 0, 0);
    }
}
