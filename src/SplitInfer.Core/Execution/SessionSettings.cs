using SplitInfer.Tensors;

namespace SplitInfer.Execution;

/// <summary>Settings of a session that SplitInfer chooses, unlike <see cref="ExecutionOptions"/>.</summary>
public sealed class SessionSettings
{
    /// <summary>The folder that the external data of the model is relative to; null if there is none.</summary>
    public string? ExternalDataFolder { get; init; }

    /// <summary>Values that replace initializers of the model, by name. The session keeps the memory alive and reads it in place; the caller keeps ownership of the tensors.</summary>
    public IReadOnlyList<(string Name, TensorValue Value)> Initializers { get; init; } = [];

    /// <summary>Whether the session allocates from the process's shared arena instead of its own.</summary>
    public bool UseSharedArena { get; init; }

    /// <summary>Whether outputs whose shapes are known before a run, and whose operators allow it, are written directly to pooled memory. Other outputs are copied.</summary>
    public bool BindsOutputs { get; init; } = true;
}
