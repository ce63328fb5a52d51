using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using SplitInfer.Protocol.Messages;

namespace SplitInfer.Client.Transport;

/// <summary>Writes the W3C trace context of the caller into a request. It allocates nothing, and writes nothing where no trace is under way.</summary>
internal static class RequestTrace
{
    /// <summary>A longer trace state is left out, as the recommendation allows.</summary>
    public const int MaxStateLength = 512;

    /// <summary>Writes the current activity, if there is one.</summary>
    public static void Write(RequestHeader header)
    {
        if (Activity.Current is not { IdFormat: ActivityIdFormat.W3C } activity) return;
        Span<byte> trace = stackalloc byte[16], span = stackalloc byte[8];
        activity.TraceId.CopyTo(trace);
        activity.SpanId.CopyTo(span);
        (header.TraceHigh, header.TraceLow) = (BinaryPrimitives.ReadUInt64BigEndian(trace), BinaryPrimitives.ReadUInt64BigEndian(trace[8..]));
        header.Span = BinaryPrimitives.ReadUInt64BigEndian(span);
        header.TraceFlags = (uint)activity.ActivityTraceFlags;
        if (activity.TraceStateString is { Length: <= MaxStateLength } state && Ascii.IsValid(state)) header.TraceState = state;
    }
}
