namespace SplitInfer.Execution;

/// <summary>What sort of value an edge of the graph carries. The values are ONNX Runtime's.</summary>
internal enum EngineValueKind
{
    Unknown = 0,
    Tensor = 1,
    Sequence = 2,
    Map = 3,
    Opaque = 4,
    SparseTensor = 5,
    Optional = 6,
}
