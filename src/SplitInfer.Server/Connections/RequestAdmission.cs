using System.Collections.Immutable;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Server.Models;
using SplitInfer.Server.Scheduling;
using SplitInfer.Tensors;

namespace SplitInfer.Server.Connections;

/// <summary>Decides by its header alone whether a request is accepted, before any memory is taken for it.</summary>
internal sealed class RequestAdmission(ConnectionTerms terms, HandleTable handles, ServerContext server, RequestTable requests)
{
    // Longer than any deadline that is meant, and short enough for a timer and a timestamp.
    private static readonly TimeSpan LongestDeadline = TimeSpan.FromDays(1);

    /// <summary>Accepts a request and makes room for its payload, or says why not.</summary>
    public Refusal? Admit(ServerRequest request, RequestHeader header)
    {
        if (requests.TakePlace(request) is { } tooMany) return tooMany;
        // A handle whose model was replaced is closed in its time, beside the reader.
        if (!handles.TryGet(header.Handle, out var opened) || !opened.Lease.TryAddReference(out var lease)) return Refusal.Closed;
        var refusal = Admit(request, header, opened, lease);
        if (refusal is not null) lease.Dispose();
        return refusal;
    }

    private Refusal? Admit(ServerRequest request, RequestHeader header, OpenedModel opened, ModelLease lease)
    {
        if (Check(request, header, opened) is { } refusal) return refusal;
        var deadline = DeadlineOf(header);
        var dueAt = deadline is { } left ? server.Time.GetTimestamp() + (long)(left.TotalSeconds * server.Time.TimestampFrequency) : long.MaxValue;
        // Before the offer, since it counts whether it is served or not.
        if (terms.HasExits && header.MinQuality > 0 && opened.Lease.Model.Routes is { } routes) request.AllowExits(routes, requests.Quality.NeedsOf(header, deadline), dueAt, server.Time.GetTimestamp());
        var offer = new TailJobTerms(opened.Lease.Model, request.Partition.Index, (int)header.Exit, dueAt, ExpectedSeconds: 0, Math.Max(1, header.Weight), requests.Client.Number, requests.Client.Machine, BatchKey: 0)
        {
            LeastSeconds = request.Exits?.LeastSeconds ?? 0,
        };
        // Last, since what is accepted counts as waiting from now on.
        if (!request.Bytes.TryPromise(request.Payload.Bytes)) return Refusal.OutOfMemory;
        if (server.Scheduler.Offer(offer, out var arrival) is { } busy) return busy;
        request.Payload.Open(request.Bytes);
        request.Admit(lease, opened.Layouts, offer, arrival, deadline is { } time ? new(time, server.Time) : new());
        return null;
    }

    private Refusal? Check(ServerRequest request, RequestHeader header, OpenedModel opened)
    {
        var plan = opened.Lease.Model.Plan;
        if (header.PlanCheck != opened.Layouts.Check)
            return new(RefusalCode.PlanMismatch, $"The request was made from another plan than the one that handle {header.Handle} was opened with, whose fingerprint is {plan.Fingerprint}. Open the model again.");
        var partitions = plan.Partitions;
        if (header.Partition >= partitions.Length - 1 || !(partitions[(int)header.Partition].IsAdmissible || partitions[(int)header.Partition].IsDoubted))
            return new(RefusalCode.InvalidPartition, $"Partition {header.Partition} has no tail or is not admissible. Choose one of the plan's admissible partitions.");
        if (header.Exit != 0)
            return new(RefusalCode.InvalidPartition, $"The model has no exit {header.Exit}. Use exit 0, the end of the model.");
        if (header.Codec >= terms.Codecs.Length)
            return new(RefusalCode.CodecNotAllowed, $"Codec {header.Codec} was not agreed on. Use one of: {string.Join(", ", terms.Codecs.Select(static c => c.Name))}.");
        if (terms.HasExits && QualityDemand.Check(header) is { } unclear) return unclear;
        request.Partition = partitions[(int)header.Partition];
        try
        {
            var shapes = Resolve(opened.Layouts.Boundary((int)header.Partition), header);
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

    /// <summary>What is left until the result is of no use; null where it always is of use.</summary>
    private static TimeSpan? DeadlineOf(RequestHeader header) =>
        header.BudgetUs == 0 || header.BudgetUs >= LongestDeadline.TotalMicroseconds ? null : TimeSpan.FromMicroseconds(header.BudgetUs);
}
