namespace SplitInfer.Execution;

/// <summary>The kind of an <see cref="EngineException"/>. The values are ONNX Runtime's.</summary>
public enum EngineErrorCode
{
    /// <summary>Not an error.</summary>
    None = 0,
    /// <summary>Something failed.</summary>
    Fail = 1,
    /// <summary>An argument was not valid.</summary>
    InvalidArgument = 2,
    /// <summary>A file does not exist.</summary>
    NoSuchFile = 3,
    /// <summary>There is no model.</summary>
    NoModel = 4,
    /// <summary>The engine itself failed.</summary>
    EngineError = 5,
    /// <summary>Native code raised an exception.</summary>
    RuntimeException = 6,
    /// <summary>The bytes are not a model.</summary>
    InvalidProtobuf = 7,
    /// <summary>The model is loaded already.</summary>
    ModelLoaded = 8,
    /// <summary>The library does not implement it.</summary>
    NotImplemented = 9,
    /// <summary>The graph is not valid.</summary>
    InvalidGraph = 10,
    /// <summary>The execution provider failed.</summary>
    ExecutionProviderFailure = 11,
    /// <summary>The load of the model was cancelled.</summary>
    ModelLoadCanceled = 12,
    /// <summary>The model needs compilation first.</summary>
    ModelRequiresCompilation = 13,
    /// <summary>Nothing was found.</summary>
    NotFound = 14,
}
