using System.Globalization;
using SplitInfer.Batching;
using SplitInfer.Execution;
using SplitInfer.Tensors;

namespace SplitInfer.Server.Batching;

/// <summary>Tries a tail that takes several requests at once against the one that takes a single one. Not thread-safe.</summary>
/// <param name="alone">Runs one request.</param>
/// <param name="together">Runs several.</param>
/// <param name="terms">How batches are made.</param>
internal sealed class BatchTrial(ISegmentRunner alone, ISegmentRunner together, BatchTerms terms)
{
    /// <summary>What batches have to save at least of what a request takes, beyond what a measurement may be wrong by.</summary>
    public const double LeastGain = 0.05;

    private const int Rounds = 4;

    // For all that is measured, beyond the run that is under way: what takes longer is measured less often, or not in such numbers.
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(3);

    /// <summary>Compares answers of a batch of one, and of one of all rows, with those of each row alone.</summary>
    /// <param name="rows">The inputs of several requests. Of those that are alike, the elements of the later ones are shifted, or they would not show whether rows are told apart.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="BatchRefusedException">They differ.</exception>
    /// <exception cref="EngineException">They do not run.</exception>
    public async ValueTask ProveAsync(TensorValue[][] rows, CancellationToken cancellationToken)
    {
        TellApart(rows);
        var expected = new TensorValue[rows.Length][];
        try
        {
            for (var row = 0; row < rows.Length; row++) expected[row] = await RunAsync(alone, rows[row], cancellationToken).ConfigureAwait(false);
            await CompareAsync(rows[..1], expected[..1], cancellationToken).ConfigureAwait(false);
            await CompareAsync(rows, expected, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            foreach (var outputs in expected) Release(outputs);
        }
    }

    /// <summary>Measures what runs take, alone and together in turn.</summary>
    /// <param name="rows">The inputs of some requests.</param>
    /// <param name="most">The most that a run may have.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async ValueTask<BatchProfile> MeasureAsync(TensorValue[][] rows, int most, CancellationToken cancellationToken)
    {
        var start = terms.Time.GetTimestamp();
        List<(int Size, double Seconds)> batches = [];
        var single = double.PositiveInfinity;
        for (var round = 0; round < Rounds && (round == 0 || terms.Time.GetElapsedTime(start) < Budget); round++)
        {
            for (var (place, size) = (0, Math.Min(2, most)); ; place++)
            {
                single = Math.Min(single, await TimeAsync(alone, rows[0], cancellationToken).ConfigureAwait(false));
                var (seconds, outputBytes) = await TimeBatchAsync(rows, size, cancellationToken).ConfigureAwait(false);
                if (round == 0) batches.Add((size, seconds));
                else batches[place] = (size, Math.Min(batches[place].Seconds, seconds));
                if (round > 0 ? place == batches.Count - 1 : size == most || IsEnough(size, seconds, outputBytes)) break;
                size = round > 0 ? batches[place + 1].Size : Math.Min(2 * size, most);
            }
        }

        return new(single, [.. batches]);

        bool IsEnough(int size, double seconds, long outputBytes) =>
            // It would take too long, or too much memory, or no number of requests will make it pay.
            terms.Time.GetElapsedTime(start).TotalSeconds + (2 * seconds) > Budget.TotalSeconds || 2 * seconds > terms.MaxRunTime.TotalSeconds / 4
            || 2 * outputBytes > ModelBatches.MaxBytes || (size >= 4 && seconds > size * single);
    }

    private static void TellApart(TensorValue[][] rows)
    {
        for (var row = 1; row < rows.Length; row++)
        {
            for (var i = 0; i < rows[row].Length; i++)
            {
                for (var before = 0; before < row; before++)
                    if (rows[before][i].Bytes.Span.SequenceEqual(rows[row][i].Bytes.Span)) Shift(rows[row][i], row);
            }
        }
    }

    private static void Shift(TensorValue tensor, int by)
    {
        var bytes = tensor.Bytes.Span;
        var end = (int)(by * tensor.ElementType.BitWidth() / 8 % Math.Max(1, bytes.Length));
        Span<byte> last = bytes[^end..].ToArray();
        bytes[..^end].CopyTo(bytes[end..]);
        last.CopyTo(bytes);
    }

    private async ValueTask CompareAsync(TensorValue[][] rows, TensorValue[][] expected, CancellationToken cancellationToken)
    {
        var batch = Gather(rows, rows.Length);
        TensorValue[] outputs = [];
        try
        {
            outputs = await RunAsync(together, batch, cancellationToken).ConfigureAwait(false);
            if (BatchRows.Compare(expected, outputs, [.. together.Outputs.Select(static output => output.Name)]) is { } fault) throw new BatchRefusedException(fault);
        }
        finally
        {
            Release(batch);
            Release(outputs);
        }
    }

    private async ValueTask<(double Seconds, long OutputBytes)> TimeBatchAsync(TensorValue[][] rows, int size, CancellationToken cancellationToken)
    {
        var (start, batch) = (terms.Time.GetTimestamp(), Gather(rows, size));
        TensorValue[] outputs = [];
        try
        {
            outputs = await RunAsync(together, batch, cancellationToken).ConfigureAwait(false);
            // To give them out is part of what it takes.
            for (var place = 0; place < size; place++)
                foreach (var output in outputs) BatchRows.Take(output, place, size)?.Dispose();
            return (terms.Time.GetElapsedTime(start).TotalSeconds, outputs.Sum(static output => (long)output.ByteLength));
        }
        finally
        {
            Release(batch);
            Release(outputs);
        }
    }

    private async ValueTask<double> TimeAsync(ISegmentRunner runner, TensorValue[] inputs, CancellationToken cancellationToken)
    {
        var start = terms.Time.GetTimestamp();
        Release(await RunAsync(runner, inputs, cancellationToken).ConfigureAwait(false));
        return Math.Max(terms.Time.GetElapsedTime(start).TotalSeconds, 1e-9);
    }

    private async ValueTask<TensorValue[]> RunAsync(ISegmentRunner runner, TensorValue[] inputs, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(terms.MaxRunTime, terms.Time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var outputs = new TensorValue[runner.Outputs.Count];
        await runner.RunAsync(inputs, outputs, stop.Token).ConfigureAwait(false);
        return outputs;
    }

    private static TensorValue[] Gather(TensorValue[][] rows, int count)
    {
        TensorValue[] batch = [.. rows[0].Select(row => BatchRows.Allocate(row, count))];
        for (var place = 0; place < count; place++)
            for (var i = 0; i < batch.Length; i++) BatchRows.Put(rows[place % rows.Length][i], batch[i], place);
        return batch;
    }

    private static void Release(TensorValue[]? tensors)
    {
        foreach (var tensor in tensors ?? []) tensor?.Dispose();
    }
}

/// <summary>What runs of a tail took when they were measured.</summary>
/// <param name="Alone">What a request takes alone, s.</param>
/// <param name="Batches">What batches take by their size, s.</param>
internal sealed record BatchProfile(double Alone, (int Size, double Seconds)[] Batches)
{
    /// <summary>The most requests that were measured together.</summary>
    public int MaxCount => Batches[^1].Size;

    /// <summary>What the best size saves of what a request takes, as a part.</summary>
    public double Gain => 1 - (Best.Seconds / Best.Size / Alone);

    /// <summary>What was measured, in words.</summary>
    public string Words => string.Create(CultureInfo.InvariantCulture,
        $"a request takes {Alone * 1e3:0.###} ms alone and {Best.Seconds / Best.Size * 1e3:0.###} ms in a batch of {Best.Size}");

    private (int Size, double Seconds) Best => Batches.MinBy(static batch => batch.Seconds / batch.Size);
}
