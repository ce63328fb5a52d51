using System.Numerics.Tensors;
using SplitInfer.Execution;
using SplitInfer.Exits;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Exits;

/// <summary>Runs a model from exit to exit, until one is sure enough or the model ends. Not for concurrent use.</summary>
internal sealed class ExitCascade : IDisposable
{
    private readonly SegmentChain _chain;
    private readonly ExitHead[] _heads;
    private readonly float[] _scores;

    public ExitCascade(PartitionedModel model, ModelExits exits, ExecutionOptions execution)
    {
        _chain = SegmentChain.Load(model, [.. exits.Exits.Select(static exit => exit.Partition)], toTheEnd: true, execution);
        (_heads, _scores) = ([.. exits.Exits.Select(exit => new ExitHead(exits, exit))], new float[exits.Classes]);
    }

    /// <summary>Runs until there is an answer.</summary>
    /// <param name="inputs">The inputs of the model; the caller keeps ownership.</param>
    /// <param name="cancellationToken">Stops the run at the next node.</param>
    /// <returns>The class, and the number of the exit that gave it; that of the end is one more than the last.</returns>
    public (int Class, int Exit) Run(TensorValue[] inputs, CancellationToken cancellationToken)
    {
        var held = inputs;
        try
        {
            for (var stage = 0; stage < _chain.Count; stage++)
            {
                var left = _chain.Run(stage, held, cancellationToken);
                Release(held);
                held = left;
                if (stage < _heads.Length && _heads[stage].Evaluate(held, _scores) is { IsExit: true } answer) return (answer.Class, stage);
            }

            return (TensorPrimitives.IndexOfMax<float>(ModelAnswers.ScoresOf(held[0])), _heads.Length);
        }
        finally
        {
            Release(held);
        }

        void Release(TensorValue[] tensors)
        {
            if (tensors == inputs) return;
            foreach (var tensor in tensors) tensor.Dispose();
        }
    }

    public void Dispose() => _chain.Dispose();
}
