namespace SplitInfer.Execution;

/// <summary>What ONNX Runtime may do to a graph before it runs it. The values are its own.</summary>
public enum GraphOptimization
{
    /// <summary>Runs the graph as it is.</summary>
    None = 0,
    /// <summary>Folds constants and drops nodes that do nothing.</summary>
    Basic = 1,
    /// <summary>Fuses nodes as well.</summary>
    Extended = 2,
    /// <summary>Lays tensors out for the machine's vectors as well.</summary>
    All = 99,
}
