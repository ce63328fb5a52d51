using SplitInfer.Tensors;

namespace SplitInfer.Execution;

/// <summary>What a session is made with beyond what a user chooses.</summary>
public sealed class SessionSettings
{
    /// <summary>The folder that the external data of the model is relative to; null where there is none.</summary>
    public string? ExternalDataFolder { get; init; }

    /// <summary>Values that replace initializers of the model, by name. The session keeps the memory alive and reads it in place; the tensors stay the caller's.</summary>
    public IReadOnlyList<(string Name, TensorValue Value)> Initializers { get; init; } = [];

    /// <summary>Whether the session takes memory from the process's arena instead of one of its own.</summary>
    public bool UseSharedArena { get; init; }

    /// <summary>Whether outputs whose shapes are known before a run, and whose operators allow it, are written to memory of ours. What the engine allocates itself is copied.</summary>
    public bool BindsOutputs { get; init; } = true;
}
