using SplitInfer.Execution;

namespace SplitInfer.Tailoring.Exits;

/// <summary>How exits are tested.</summary>
public sealed class ExitTestOptions
{
    /// <summary>The right class of each sample; null (the default) where it is not known.</summary>
    public IReadOnlyList<int>? Labels { get; set; }

    /// <summary>How ONNX Runtime runs the model. One thread by default.</summary>
    public ExecutionOptions Execution { get; set; } = new() { IntraOpThreads = 1, UseSharedThreadPool = false };

    /// <summary>The clock; the system's unless set.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">One is missing; the message names it.</exception>
    public void Validate()
    {
        if (Execution is null) throw new ArgumentException($"{nameof(Execution)} is null; leave it out for the defaults.");
        if (TimeProvider is null) throw new ArgumentException($"{nameof(TimeProvider)} is null; leave it out for the clock of the machine.");
        Execution.Validate();
    }
}
