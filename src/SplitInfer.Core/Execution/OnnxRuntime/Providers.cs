using Microsoft.ML.OnnxRuntime;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>Adds execution providers to the options of a session.</summary>
internal static class Providers
{
    /// <summary>The names under which ONNX Runtime appends providers, if they are not those of its list without the ending.</summary>
    private static readonly Dictionary<string, string> AppendNames = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Azure"] = "AZURE", ["Dml"] = "DML", ["WebGpu"] = "WebGPU", ["Xnnpack"] = "XNNPACK",
    };

    /// <exception cref="UnknownExecutionProviderException">The library does not have it.</exception>
    /// <exception cref="EngineException">It has it, and refuses the options, or lacks a library that the provider needs.</exception>
    public static void Append(SessionOptions session, OnnxRuntimeEnvironment environment, ExecutionProvider provider)
    {
        try
        {
            if (environment.AvailableProviders.FirstOrDefault(provider.IsNamed) is { } builtIn) Append(session, ExecutionProvider.Shorten(builtIn), new(provider.Options));
            else AppendDevices(session, environment, provider);
        }
        catch (Exception error) when (EngineErrors.IsEngineError(error))
        {
            var inner = EngineErrors.Translate(error);
            throw new EngineException(inner.Code, $"execution provider '{provider.Name}' cannot be used. Install what it needs and check its options, or take it off {nameof(ExecutionOptions)}.{nameof(ExecutionOptions.Providers)}. {inner.EngineMessage}", error);
        }
    }

    private static void Append(SessionOptions session, string name, Dictionary<string, string> options)
    {
        switch (name)
        {
            case "CPU":
                // Always there, and always last.
                break;
            case "CUDA":
                using (var cuda = new OrtCUDAProviderOptions())
                {
                    cuda.UpdateOptions(options);
                    session.AppendExecutionProvider_CUDA(cuda);
                }

                break;
            case "Tensorrt":
                using (var tensorRt = new OrtTensorRTProviderOptions())
                {
                    tensorRt.UpdateOptions(options);
                    session.AppendExecutionProvider_Tensorrt(tensorRt);
                }

                break;
            default:
                session.AppendExecutionProvider(AppendNames.GetValueOrDefault(name, name), options);
                break;
        }
    }

    /// <summary>Adds the devices of a provider whose library the application registered with the environment.</summary>
    private static void AppendDevices(SessionOptions session, OnnxRuntimeEnvironment environment, ExecutionProvider provider)
    {
        var all = environment.Native.GetEpDevices();
        OrtEpDevice[] devices = [.. all.Where(device => provider.IsNamed(device.EpName))];
        if (devices.Length == 0) throw new UnknownExecutionProviderException(provider.Name, [.. environment.AvailableProviders.Union(all.Select(static device => device.EpName))]);
        session.AppendExecutionProvider(environment.Native, devices, provider.Options);
    }
}
