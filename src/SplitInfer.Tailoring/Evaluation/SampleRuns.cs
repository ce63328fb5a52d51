using SplitInfer.Execution;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Evaluation;

/// <summary>Gives a session what it takes of samples.</summary>
internal static class SampleRuns
{
    /// <summary>Runs a session. The caller owns the outputs.</summary>
    public static TensorValue[] Run(IEngineSession session, TensorValue[] inputs, CancellationToken cancellationToken)
    {
        var outputs = new TensorValue[session.Outputs.Length];
        session.Run(inputs, outputs, cancellationToken);
        return outputs;
    }

    /// <summary>The tensors of a sample in the order of a session.</summary>
    /// <exception cref="TensorMismatchException">The session takes an input that the sample does not have, or of another type.</exception>
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
