namespace SplitInfer.Execution;

/// <summary>What ONNX Runtime may do to a graph before it runs it. The values are its own.</summary>
public enum GraphOptimization
{
    /// <summary>Runs the graph unchanged.</summary>
    None = 0,
    /// <summary>Folds constants and removes nodes without effect.</summary>
    Basic = 1,
    /// <summary>Fuses nodes as well.</summary>
    Extended = 2,
    /// <summary>Uses tensor layouts for the machine's vector instructions as well.</summary>
    All = 99,
}
