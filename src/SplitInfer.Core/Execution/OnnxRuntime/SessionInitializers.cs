using Microsoft.ML.OnnxRuntime;
using SplitInfer.Tensors;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>Tensors that a session reads in place as its initializers. Native values and memory must outlive the session, so it disposes this after itself.</summary>
internal sealed class SessionInitializers : IDisposable
{
    private readonly List<(string Name, TensorValue Memory)> _memory = [];
    private readonly List<OrtValue> _values = [];

    /// <summary>Shares the memory of tensors, which stay the caller's.</summary>
    /// <exception cref="EngineException">A tensor cannot be an initializer.</exception>
    public SessionInitializers(IReadOnlyList<(string Name, TensorValue Value)> initializers)
    {
        try
        {
            foreach (var (name, tensor) in initializers)
            {
                _memory.Add((name, tensor.Share()));
                _values.Add(NativeTensors.Create(tensor));
            }
        }
        catch (Exception error)
        {
            Dispose();
            if (EngineErrors.IsEngineError(error)) throw EngineErrors.Translate(error);
            throw;
        }
    }

    /// <summary>Names the tensors in the options of a session.</summary>
    public void AddTo(SessionOptions session)
    {
        for (var i = 0; i < _values.Count; i++) session.AddInitializer(_memory[i].Name, _values[i]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var value in _values) value.Dispose();
        foreach (var (_, memory) in _memory) memory.Dispose();
        _values.Clear();
        _memory.Clear();
    }
}
