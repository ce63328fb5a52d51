using System.Collections.Immutable;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Server.Scheduling;
using SplitInfer.Tensors;

namespace SplitInfer.Server.Connections;

/// <summary>Decides by its header alone whether a request is accepted, before any memory is taken for it.</summary>
internal sealed class RequestAdmission(ConnectionTerms terms, ServerContext server)
{
    // Longer than any deadline that is meant, and short enough for a timer and a timestamp.
    private static readonly TimeSpan LongestDeadline = TimeSpan.FromDays(1);

    /// <summary>Accepts a request and makes room for its payload, or says why not.</summary>
    public Refusal? Admit(ServerRequest request, RequestHeader header)
    {
        if (Check(request, header) is { } refusal) return refusal;
        if (server.Scheduler.IsFull) return Refusal.Busy;
        if (!server.Budget.TryTake(request.Payload.Bytes)) return Refusal.Busy;
        request.HeldBytes = request.Payload.Bytes;
        request.Payload.Open();
        SetDeadline(request, header.DeadlineUs);
        return null;
    }

    private Refusal? Check(ServerRequest request, RequestHeader header)
    {
        var partitions = terms.Model.Plan.Partitions;
        if (header.Partition >= partitions.Length - 1 || !(partitions[(int)header.Partition].IsAdmissible || partitions[(int)header.Partition].IsDoubted))
            return new(RefusalCode.InvalidPartition, $"Partition {header.Partition} has no tail or is not admissible. Choose one of the plan's admissible partitions.");
        if (header.Codec >= terms.Codecs.Length)
            return new(RefusalCode.CodecNotAllowed, $"Codec {header.Codec} was not agreed on. Use one of: {string.Join(", ", terms.Codecs.Select(static c => c.Name))}.");
        request.Partition = partitions[(int)header.Partition];
        try
        {
            var shapes = Resolve(terms.Layouts.Boundary((int)header.Partition), header);
            request.Payload.Expect(terms.Codecs[(int)header.Codec], request.Partition.Boundary, shapes);
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

    private void SetDeadline(ServerRequest request, ulong microseconds)
    {
        if (microseconds == 0 || microseconds >= LongestDeadline.TotalMicroseconds)
        {
            request.Admit(new(), long.MaxValue);
            return;
        }

        var deadline = TimeSpan.FromMicroseconds(microseconds);
        request.Admit(new(deadline, server.Time), server.Time.GetTimestamp() + (long)(deadline.TotalSeconds * server.Time.TimestampFrequency));
    }
}
