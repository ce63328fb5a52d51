using SplitInfer.Execution;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Evaluation;

/// <summary>Gives a session what it takes of samples.</summary>
internal static class SampleRuns
{
    /// <summary>The tensors of every sample in the order of a session. Each is released when the next is asked for.</summary>
    /// <exception cref="TensorMismatchException">A sample does not fit, or the session takes an input that samples do not have.</exception>
    public static IEnumerable<TensorValue[]> Of(IEngineSession session, ISampleSource samples, IReadOnlyList<TensorSpec> inputs)
    {
        for (var sample = 0; sample < samples.Count; sample++)
        {
            var tensors = samples.Read(sample, inputs);
            try
            {
                yield return InOrder(session, tensors, inputs);
            }
            finally
            {
                foreach (var tensor in tensors) tensor.Dispose();
            }
        }
    }

    /// <summary>The tensors in the order of a session.</summary>
    public static TensorValue[] InOrder(IEngineSession session, TensorValue[] tensors, IReadOnlyList<TensorSpec> inputs) =>
        [.. session.Inputs.Select(input => Find(input, tensors, inputs))];

    private static TensorValue Find(EngineValue input, TensorValue[] tensors, IReadOnlyList<TensorSpec> inputs)
    {
        for (var place = 0; place < inputs.Count; place++)
        {
            if (inputs[place].Name != input.Name) continue;
            return input.ElementType == tensors[place].ElementType
                ? tensors[place]
                : throw new TensorMismatchException($"The input '{input.Name}' is {input.ElementType.DisplayName()} in one model and {tensors[place].ElementType.DisplayName()} in the samples. Compare models of the same inputs.");
        }

        throw new TensorMismatchException($"A model takes the input '{input.Name}', which the first model does not have. Compare models of the same inputs.");
    }
}
