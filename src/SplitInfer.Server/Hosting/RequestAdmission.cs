using System.Collections.Immutable;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Tensors;

namespace SplitInfer.Server.Hosting;

/// <summary>Decides by its header alone whether a request is taken, before any memory is.</summary>
internal sealed class RequestAdmission(Agreement agreement, ServerContext server)
{
    // Longer than any deadline that is meant, and short enough for a timer and a timestamp.
    private static readonly TimeSpan LongestDeadline = TimeSpan.FromDays(1);

    /// <summary>Takes the request: sets the call up and makes room for its payload, or says why not.</summary>
    public Refusal? Admit(TailCall call, RequestHeader header)
    {
        if (Check(call, header) is { } refusal) return refusal;
        if (server.Queue.IsFull) return Refusal.Busy;
        if (!server.Held.TryTake(call.Payload.Bytes)) return Refusal.Busy;
        call.HeldBytes = call.Payload.Bytes;
        call.Payload.Open();
        SetDeadline(call, header.DeadlineUs);
        return null;
    }

    private Refusal? Check(TailCall call, RequestHeader header)
    {
        var partitions = agreement.Model.Plan.Partitions;
        if (header.Partition >= partitions.Length - 1 || !(partitions[(int)header.Partition].IsAdmissible || partitions[(int)header.Partition].IsDoubted))
            return new(RefusalCode.InvalidPartition, $"Partition {header.Partition} has no tail or is not admissible. Choose one of the plan's admissible partitions.");
        if (header.Codec >= agreement.Codecs.Length)
            return new(RefusalCode.CodecNotAllowed, $"Codec {header.Codec} was not agreed on. Use one of: {string.Join(", ", agreement.Codecs.Select(static c => c.Name))}.");
        call.Partition = partitions[(int)header.Partition];
        try
        {
            var shapes = Resolve(agreement.Layouts.Boundary((int)header.Partition), header);
            call.Payload.Expect(agreement.Codecs[(int)header.Codec], call.Partition.Boundary, shapes);
            return null;
        }
        catch (SizeLimitException exception)
        {
            return new(RefusalCode.LimitExceeded, exception.Message);
        }
    }

    private ImmutableArray<TensorShape> Resolve(BoundaryLayout layout, RequestHeader header)
    {
        // One more than the plan has is enough to be refused for.
        var count = Math.Min(header.SymbolSizes.Count, layout.MaxSizes + 1);
        var sizes = count <= 16 ? stackalloc long[count] : new long[count];
        for (var symbol = 0; symbol < sizes.Length; symbol++) sizes[symbol] = header.SymbolSizes[symbol];
        return layout.Resolve(sizes, server.Limits.Sizes);
    }

    private void SetDeadline(TailCall call, ulong microseconds)
    {
        if (microseconds == 0 || microseconds >= LongestDeadline.TotalMicroseconds)
        {
            call.Admit(new(), long.MaxValue);
            return;
        }

        var deadline = TimeSpan.FromMicroseconds(microseconds);
        call.Admit(new(deadline, server.Time), server.Time.GetTimestamp() + (long)(deadline.TotalSeconds * server.Time.TimestampFrequency));
    }
}
