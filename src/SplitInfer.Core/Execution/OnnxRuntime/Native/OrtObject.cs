namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>Kinds of native objects. The values are the places in the function table of what releases them.</summary>
internal enum OrtObject
{
    Environment = 92,
    Status = 93,
    MemoryInfo = 94,
    Session = 95,
    Value = 96,
    RunOptions = 97,
    TypeInfo = 98,
    TensorInfo = 99,
    SessionOptions = 100,
    ThreadingOptions = 122,
    Arena = 157,
    PrepackedWeights = 167,
    TensorRtOptions = 174,
    CudaOptions = 208,
}
