using System.Buffers;
using SplitInfer.Codecs;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Calibration;

/// <summary>Puts samples through every codec at one cut. The head runs once a sample; the tail once more for each codec that changed the boundary. Safe for concurrent use.</summary>
internal sealed class CutTrial(LoadedCut cut, IReadOnlyList<ITensorCodec> codecs)
{
    /// <summary>Tries one sample.</summary>
    /// <param name="inputs">A tensor for each input of the plan; the caller keeps ownership.</param>
    /// <param name="cancellationToken">Stops before the next codec.</param>
    public SampleOutcomes Run(TensorValue[] inputs, CancellationToken cancellationToken)
    {
        var boundary = cut.MakeBoundary(inputs, CancellationToken.None);
        try
        {
            var expected = RunTail(boundary);
            var same = Differences(expected, expected);
            var outcomes = new SampleOutcome[codecs.Count];
            for (var i = 0; i < outcomes.Length; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var changed = TryTranscode(codecs[i], boundary, out var payloadBytes) is { } decoded ? TakeTail(decoded) : null;
                outcomes[i] = changed is null ? new(payloadBytes, ClassOf(expected), same) : new(payloadBytes, ClassOf(changed), Differences(expected, changed));
            }

            return new(boundary.Sum(static tensor => (long)tensor.ByteLength), ClassOf(expected), outcomes);
        }
        finally
        {
            Release(boundary);
        }
    }

    /// <summary>Encodes and decodes a boundary.</summary>
    /// <returns>The decoded boundary, which the caller owns; null if it equals the boundary exactly.</returns>
    private static TensorValue[]? TryTranscode(ITensorCodec codec, TensorValue[] boundary, out long payloadBytes)
    {
        payloadBytes = 0;
        var decoded = new List<TensorValue>();
        foreach (var tensor in boundary)
        {
            var payload = ArrayPool<byte>.Shared.Rent(checked((int)codec.MaxEncodedLength(tensor.ElementType, tensor.Shape)));
            var length = codec.Encode(tensor.ElementType, tensor.Shape, tensor.Bytes.Span, payload);
            payloadBytes += length;
            if (!codec.IsLossless)
            {
                decoded.Add(TensorValue.Allocate(tensor.ElementType, tensor.Shape));
                codec.Decode(tensor.ElementType, tensor.Shape, payload.AsSpan(0, length), decoded[^1].Bytes.Span);
            }

            ArrayPool<byte>.Shared.Return(payload);
        }

        if (!codec.IsLossless && !boundary.Zip(decoded).All(static pair => pair.First.Bytes.Span.SequenceEqual(pair.Second.Bytes.Span))) return [.. decoded];
        Release(decoded);
        return null;
    }

    private double[][] TakeTail(TensorValue[] boundary)
    {
        var outputs = RunTail(boundary);
        Release(boundary);
        return outputs;
    }

    private double[][] RunTail(TensorValue[] boundary)
    {
        var outputs = cut.RunTail(boundary);
        double[][] values = [.. outputs.Select(Read)];
        Release(outputs);
        return values;
    }

    private int? ClassOf(double[][] outputs)
    {
        if (cut.FirstOutput is not { } place || outputs[place].Length == 0) return null;
        var (values, best) = (outputs[place], 0);
        for (var i = 1; i < values.Length; i++)
            if (values[i] > values[best]) best = i;
        return best;
    }

    private static OutputDifference[] Differences(double[][] expected, double[][] actual) =>
        [.. expected.Zip(actual, static (left, right) => OutputDifference.Between(left, right))];

    private static void Release(IEnumerable<TensorValue> tensors)
    {
        foreach (var tensor in tensors) tensor.Dispose();
    }

    // Text never differs.
    private static double[] Read(TensorValue output)
    {
        if (output.ElementType == ElementType.Text) return [];
        // A complex number counts as two numbers.
        var values = new double[2 * output.Shape.ElementCount];
        return values[..ElementWidening.ToDouble(output.ElementType, output.Bytes.Span, values)];
    }
}
