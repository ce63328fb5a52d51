using Microsoft.ML.OnnxRuntime;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>A container of weights that kernels have laid out anew. Sessions add a reference, since native code reads it until they are gone.</summary>
internal sealed class SharedLayouts : ISharedLayouts
{
    /// <summary>The container. It counts references as every safe handle does.</summary>
    public PrePackedWeightsContainer Container { get; } = new();

    /// <inheritdoc/>
    public void Dispose() => Container.Dispose();
}
