namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>Weights that kernels have laid out anew, shared between the sessions that are made with this. It must outlive them, which they see to.</summary>
internal sealed class OrtPrepackedWeights(OrtEnvironment environment) : ISharedLayouts
{
    /// <summary>The native container.</summary>
    public OrtHandle Handle { get; } = new(environment.Api, OrtObject.PrepackedWeights, environment.Api.CreatePrepackedWeightsContainer());

    /// <summary>Gives the weights up; they are freed with the last session that uses them.</summary>
    public void Dispose() => Handle.Dispose();
}
