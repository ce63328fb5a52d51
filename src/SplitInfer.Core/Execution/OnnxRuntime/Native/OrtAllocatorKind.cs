namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>Who manages memory: the system, or an arena that keeps what it once took.</summary>
internal enum OrtAllocatorKind
{
    Device = 0,
    Arena = 1,
}
