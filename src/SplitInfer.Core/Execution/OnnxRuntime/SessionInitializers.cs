using Microsoft.ML.OnnxRuntime;
using SplitInfer.Tensors;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>Tensors that a session reads in place as its initializers. Native values and memory must outlive the session, so it disposes this after itself.</summary>
internal sealed class SessionInitializers : IDisposable
{
    private readonly List<(string Name, Tensor Memory, OrtValue Value)> _held = [];

    /// <summary>Shares the memory of tensors, which stay the caller's.</summary>
    /// <exception cref="EngineException">A tensor cannot be an initializer.</exception>
    public SessionInitializers(IReadOnlyList<(string Name, Tensor Value)> initializers)
    {
        try
        {
            foreach (var (name, tensor) in initializers) _held.Add((name, tensor.Share(), NativeTensors.Create(tensor)));
        }
        catch (Exception error) when (EngineErrors.IsEngineError(error))
        {
            Dispose();
            throw EngineErrors.Translate(error);
        }
    }

    /// <summary>Names the tensors in the options of a session.</summary>
    public void AddTo(SessionOptions session)
    {
        foreach (var (name, _, value) in _held) session.AddInitializer(name, value);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, memory, value) in _held)
        {
            value.Dispose();
            memory.Dispose();
        }

        _held.Clear();
    }
}
