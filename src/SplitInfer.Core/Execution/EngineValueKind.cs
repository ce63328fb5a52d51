namespace SplitInfer.Execution;

/// <summary>What sort of value an edge of the graph carries. The values are ONNX Runtime's.</summary>
public enum EngineValueKind
{
    /// <summary>Unknown.</summary>
    Unknown = 0,
    /// <summary>Tensor.</summary>
    Tensor = 1,
    /// <summary>Sequence.</summary>
    Sequence = 2,
    /// <summary>Map.</summary>
    Map = 3,
    /// <summary>Opaque.</summary>
    Opaque = 4,
    /// <summary>SparseTensor.</summary>
    SparseTensor = 5,
    /// <summary>Optional.</summary>
    Optional = 6,
}
