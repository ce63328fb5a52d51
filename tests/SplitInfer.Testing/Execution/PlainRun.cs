using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using SplitInfer.Execution.OnnxRuntime;
using SplitInfer.Tensors;

namespace SplitInfer.Testing.Execution;

/// <summary>
/// Runs a whole model as any application would with ONNX Runtime alone: nothing that is tested has a part in it. Products of 8-bit integers are exact on any
/// processor; by default ONNX Runtime cuts them off on some.
/// </summary>
internal static class PlainRun
{
    /// <summary>The outputs of the file as it is, in its order, with the default options of a session but for that. The inputs stay the caller's.</summary>
    public static Tensors.TensorValue[] Of(byte[] model, params IReadOnlyCollection<(string Name, Tensors.TensorValue Value)> inputs)
    {
        // Made first, since a process keeps the environment that is made first, and other tests need this one.
        OnnxRuntimeEnvironment.For(new());
        using var exact = new SessionOptions();
        exact.AddSessionConfigEntry("session.x64quantprecision", "1");
        using var session = new InferenceSession(model, exact);
        var values = inputs.Select(static i => Wrap(i.Value)).ToArray();
        try
        {
            using var options = new RunOptions();
            using var outputs = session.Run(options, [.. inputs.Select(static i => i.Name)], values, session.OutputNames);
            return [.. outputs.Select(Copy)];
        }
        finally
        {
            foreach (var value in values) value.Dispose();
            GC.KeepAlive(inputs);
        }
    }

    /// <summary>Tensors lie in native memory, which does not move.</summary>
    private static unsafe OrtValue Wrap(Tensors.TensorValue tensor)
    {
        using var pin = tensor.Bytes.Pin();
        return OrtValue.CreateTensorValueWithData(
            OrtMemoryInfo.DefaultInstance, (TensorElementType)tensor.ElementType, [.. tensor.Shape.Dimensions], (nint)pin.Pointer, tensor.ByteLength);
    }

    private static Tensors.TensorValue Copy(OrtValue value)
    {
        var info = value.GetTensorTypeAndShape();
        return Tensors.TensorValue.From((ElementType)info.ElementDataType, new(info.Shape), value.GetTensorDataAsSpan<byte>());
    }
}
