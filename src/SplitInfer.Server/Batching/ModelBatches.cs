using System.Diagnostics.CodeAnalysis;
using SplitInfer.Batching;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Server.Batching;

/// <summary>
/// Which requests of one model may run together. A cut at which some have had to wait gets, in the background, a second tail that takes several requests at once, of the same weights; that is
/// tried against the ordinary one, and measured. Only where it gives the same answers and pays do requests run together. Thread-safe.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="segments">Loads its tails.</param>
/// <param name="terms">How batches are made.</param>
/// <param name="log">Told once of each cut whether its requests run together, or why not.</param>
internal sealed class ModelBatches(PartitionedModel model, SegmentSet segments, BatchTerms terms, IBatchLog log) : IDisposable
{
    /// <summary>Bytes that the inputs of a batch may take, or its outputs: where a request has many, its tail is no longer bound by its weights.</summary>
    public const long MaxBytes = 32L << 20;

    // Sizes that clients choose must not fill the memory with curves.
    private const int MaxShapes = 4;

    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly BatchableCut[][] _cuts = [.. Enumerable.Repeat<BatchableCut[]>([], model.Plan.Partitions.Length)];
    private readonly HashSet<int> _told = [];
    private Task _preparing = Task.CompletedTask;

    /// <summary>What may run together with a request; null where nothing ever does, such as with one that holds a batch itself.</summary>
    /// <param name="partition">Its partition.</param>
    /// <param name="boundary">What it sends.</param>
    public BatchableCut? Find(int partition, ReadOnlySpan<TensorValue> boundary)
    {
        var cuts = Volatile.Read(ref _cuts[partition]);
        foreach (var cut in cuts)
            if (cut.Takes(boundary)) return cut;
        return cuts.Length < MaxShapes && MostOf(boundary) is > 1 and var most ? Add(partition, boundary, most) : null;
    }

    /// <summary>Prepares a cut in the background.</summary>
    /// <param name="cut">The cut.</param>
    /// <param name="samples">What some requests sent there; taken over.</param>
    public void Prepare(BatchableCut cut, List<TensorValue[]> samples)
    {
        TensorValue[][] rows = [.. samples];
        samples.Clear();
        lock (_gate)
        {
            var before = _preparing;
            // One after the other, since they would measure each other.
            if (!_stop.IsCancellationRequested) _preparing = Task.Run(() => PrepareAsync(before, cut, rows));
        }
    }

    /// <summary>Rents the tail that takes several requests, where it is loaded.</summary>
    public bool TryRent(int partition, out SegmentLease lease)
    {
        lease = default;
        var key = new SegmentKey(SegmentSide.BatchTail, partition);
        if (!segments.IsLoaded(key)) return false;
        var renting = segments.RentAsync(key, CancellationToken.None);
        if (renting.IsCompletedSuccessfully)
        {
            lease = renting.Result;
            return true;
        }

        // It was unloaded in between, and is loaded again.
        _ = DropAsync(renting);
        return false;
    }

    /// <summary>Stops what is being prepared, and waits for it: an engine that works while the process ends brings it down. Before the segments are disposed; may be called twice.</summary>
    public void Dispose()
    {
        Task preparing;
        lock (_gate)
        {
            _stop.Cancel();
            preparing = _preparing;
        }

        preparing.GetAwaiter().GetResult();
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Nobody waits for it.")]
    private static async Task DropAsync(ValueTask<SegmentLease> renting)
    {
        try
        {
            (await renting.ConfigureAwait(false)).Dispose();
        }
        catch
        {
            // It will not be loaded again.
        }
    }

    /// <summary>A batch at a cut has failed for the first time.</summary>
    public void NoteFailure(int partition, Exception error) => log.BatchFailed(partition, error);

    private int MostOf(ReadOnlySpan<TensorValue> boundary)
    {
        long bytes = 1;
        foreach (var tensor in boundary)
        {
            if (!BatchRows.CanBe(tensor)) return 1;
            bytes += tensor.ByteLength;
        }

        return boundary.IsEmpty ? 1 : (int)Math.Min(terms.MaxCount, MaxBytes / bytes);
    }

    private BatchableCut Add(int partition, ReadOnlySpan<TensorValue> boundary, int most)
    {
        lock (_gate)
        {
            var cut = new BatchableCut(this, partition, boundary, most);
            Volatile.Write(ref _cuts[partition], [.. _cuts[partition], cut]);
            return cut;
        }
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Whatever it is, requests run alone, as they did.")]
    private async Task PrepareAsync(Task before, BatchableCut cut, TensorValue[][] rows)
    {
        await before.ConfigureAwait(false);
        try
        {
            using var together = await segments.RentAsync(new(SegmentSide.BatchTail, cut.Partition), _stop.Token).ConfigureAwait(false);
            using var alone = await segments.RentAsync(new(SegmentSide.Tail, cut.Partition), _stop.Token).ConfigureAwait(false);
            var trial = new BatchTrial(alone.Runner, together.Runner, terms);
            await trial.ProveAsync(rows, _stop.Token).ConfigureAwait(false);
            await ProveMadeUpAsync(trial, cut, rows[0]).ConfigureAwait(false);
            var profile = await trial.MeasureAsync(rows, cut.MaxCount, _stop.Token).ConfigureAwait(false);
            if (profile.Gain < BatchTrial.LeastGain) throw new BatchRefusedException(profile.Words);
            cut.Open(new(profile.Alone, profile.Batches), profile.MaxCount);
            if (IsFirst(cut)) log.Batches(cut.Partition, profile.Words);
        }
        catch (Exception) when (_stop.IsCancellationRequested)
        {
            // The model is unloaded.
        }
        catch (Exception error)
        {
            if (IsFirst(cut)) log.DoesNotBatch(cut.Partition, error is SplitInferException ? error.Message : "it could not be tried", error is SplitInferException ? null : error);
        }
        finally
        {
            foreach (var tensor in rows.SelectMany(static row => row)) tensor.Dispose();
        }
    }

    /// <summary>Inputs of requests may be all alike, which would hide a layer that takes rows together.</summary>
    private async ValueTask ProveMadeUpAsync(BatchTrial trial, BatchableCut cut, TensorValue[] like)
    {
        if (model.NoSyntheticRunReason is not null) return;
        TensorValue[][] rows = [.. Enumerable.Range(1, BatchableCut.Samples).Select(seed => model.MakeInputs(model.Tail(cut.Partition), seed))];
        try
        {
            // For other sizes than those of the plan there are none.
            if (rows.All(row => row.Length == like.Length && row.Zip(like).All(static pair => pair.First.Shape == pair.Second.Shape))) await trial.ProveAsync(rows, _stop.Token).ConfigureAwait(false);
        }
        finally
        {
            foreach (var tensor in rows.SelectMany(static row => row)) tensor.Dispose();
        }
    }

    private bool IsFirst(BatchableCut cut)
    {
        lock (_gate) return _told.Add(cut.Partition);
    }
}
