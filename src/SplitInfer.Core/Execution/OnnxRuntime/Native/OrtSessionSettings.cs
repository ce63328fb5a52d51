using SplitInfer.Tensors;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>What a session can be made with beyond what a user chooses.</summary>
internal sealed class OrtSessionSettings
{
    /// <summary>Values that replace initializers of the model, by name. The session keeps the memory alive and reads it in place; the tensors stay the caller's.</summary>
    public IReadOnlyList<(string Name, Tensor Value)> Initializers { get; init; } = [];

    /// <summary>Where weights that kernels have laid out anew are shared between sessions; the same initializers must be given to each.</summary>
    public OrtPrepackedWeights? PrepackedWeights { get; init; }

    /// <summary>Where the optimised model is written; null for nowhere.</summary>
    public string? OptimizedModelPath { get; init; }

    /// <summary>Entries of ONNX Runtime's session configuration.</summary>
    public IReadOnlyDictionary<string, string> ConfigEntries { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether the session takes memory from the process's arena instead of one of its own.</summary>
    public bool UseSharedArena { get; init; }
}
