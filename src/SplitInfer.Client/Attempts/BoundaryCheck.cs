using SplitInfer.Client.Transport;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Attempts;

/// <summary>Whether a boundary still holds what the head computed, and a reply what its tail would: a value that overflows in float16, for instance, is lost at the cut, although the whole model has it in float32.</summary>
internal static class BoundaryCheck
{
    private const double HarmlessDifference = 1e-3;

    /// <summary>What is lost where a boundary of finite inputs is not finite; null where nothing is.</summary>
    /// <param name="attempt">An attempt whose boundary is collected.</param>
    public static NonFiniteBoundaryException? FindLoss(Attempt attempt)
    {
        var cut = attempt.Cut;
        for (var i = 0; i < attempt.Boundary.Length; i++)
        {
            // What the model is fed crosses as it is.
            if (cut.Route.Boundary[i].Origin == ValueOrigin.Input || FiniteNumbers.AreIn(attempt.Boundary[i])) continue;
            foreach (var input in attempt.Inputs.Span)
                if (!FiniteNumbers.AreIn(input)) return null;
            return new(cut.Partition, cut.Partition.Boundary[i].Name);
        }

        return null;
    }

    /// <summary>The first output of a reply that is not finite though the whole boundary is; null where there is none.</summary>
    public static string? FindNonFinite(TailReply reply, Attempt attempt)
    {
        for (var i = 0; i < reply.Outputs.Length; i++)
        {
            if (FiniteNumbers.AreIn(reply.Outputs[i]!)) continue;
            return attempt.Boundary.All(FiniteNumbers.AreIn) ? attempt.Cut.Partition.TailOutputs[i].Name : null;
        }

        return null;
    }

    /// <summary>Whether the outputs that an attempt has completed with are finite.</summary>
    public static bool AreOutputsFinite(Attempt attempt) => attempt.Result.Outputs.Tensors!.OfType<TensorValue>().All(FiniteNumbers.AreIn);

    /// <summary>Whether the tail still gives the outputs of the whole model. Then nothing was lost, although the boundary is not finite: a mask may hold −∞ on purpose.</summary>
    /// <param name="attempt">An attempt that has completed with the outputs of the whole model.</param>
    /// <param name="stop">Ends the run of the tail.</param>
    public static async ValueTask<bool> IsLossHarmlessAsync(Attempt attempt, CancellationToken stop)
    {
        TensorValue[] outputs = [];
        try
        {
            outputs = await attempt.Cut.RunTailItselfAsync(attempt.Boundary, stop).ConfigureAwait(false);
            return attempt.Result.Outputs.Tensors!.OfType<TensorValue>().Zip(outputs).All(static pair => pair.First.ElementType == pair.Second.ElementType && pair.First.Shape == pair.Second.Shape
                && TensorDifference.Between(pair.First, pair.Second).IsWithin(HarmlessDifference));
        }
        catch (SplitInferException)
        {
            return false;
        }
        finally
        {
            foreach (var output in outputs) output.Dispose();
        }
    }
}
