using SplitInfer.Execution;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Evaluation;

/// <summary>
/// The outputs of a model on samples, with which those of others are compared. They are kept, as the engine gave them, up to a bound of memory; what is beyond is computed again.
/// Does not dispose the session. Not thread-safe.
/// </summary>
internal sealed class ReferenceAnswers(IEngineSession session, ISampleSource samples, IReadOnlyList<TensorSpec> inputs) : IDisposable
{
    private const long MostBytes = 256L << 20;

    private readonly TensorValue[]?[] _kept = new TensorValue[]?[samples.Count];
    private long _bytes;

    /// <summary>Compares the answers of another model, sample by sample.</summary>
    /// <param name="other">The other model; the same one runs no more than once.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>The comparisons in the order of the samples, each computed when it is asked for.</returns>
    /// <exception cref="TensorMismatchException">The models have unlike outputs, or a sample does not fit.</exception>
    public IEnumerable<AnswerComparison> Compare(IEngineSession other, CancellationToken cancellationToken)
    {
        var pairs = OutputPairs.Of(other, session);
        for (var sample = 0; sample < samples.Count; sample++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var tensors = samples.Read(sample, inputs);
            TensorValue[] actual = [];
            TensorValue[]? expected = null;
            try
            {
                expected = _kept[sample] ?? Expected(sample, tensors, cancellationToken);
                if (other != session) actual = SampleRuns.Run(other, SampleRuns.InOrder(other, tensors, inputs), cancellationToken);
                yield return AnswerComparison.Of(pairs, other == session ? expected : actual, expected);
            }
            finally
            {
                foreach (var tensor in tensors.Concat(actual)) tensor.Dispose();
                if (_kept[sample] is null) Release(expected);
            }
        }
    }

    public void Dispose()
    {
        foreach (var kept in _kept) Release(kept);
    }

    private TensorValue[] Expected(int sample, TensorValue[] tensors, CancellationToken cancellationToken)
    {
        var outputs = SampleRuns.Run(session, SampleRuns.InOrder(session, tensors, inputs), cancellationToken);
        var bytes = outputs.Sum(static output => (long)output.ByteLength);
        if (_bytes + bytes > MostBytes) return outputs;
        _bytes += bytes;
        return _kept[sample] = outputs;
    }

    private static void Release(TensorValue[]? outputs)
    {
        foreach (var output in outputs ?? []) output.Dispose();
    }
}
