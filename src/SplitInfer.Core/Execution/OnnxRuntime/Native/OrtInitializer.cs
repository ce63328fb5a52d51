using SplitInfer.Tensors;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>A tensor that a session reads in place as one of its initializers. Has no finalizer: the session decides when it goes.</summary>
internal sealed class OrtInitializer(OrtEnvironment environment, Tensor tensor) : IDisposable
{
    private readonly Tensor _memory = tensor.Share();

    /// <summary>The native value.</summary>
    public nint Value { get; } = OrtTensorValue.Borrow(environment, tensor);

    public void Dispose()
    {
        environment.Api.Release(OrtObject.Value, Value);
        _memory.Dispose();
    }
}
