namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>Adds execution providers to the options of a session.</summary>
internal static unsafe class OrtProvider
{
    /// <summary>The names under which ONNX Runtime appends providers, where they are not those of its list without the ending.</summary>
    private static readonly Dictionary<string, string> AppendNames = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Azure"] = "AZURE", ["Dml"] = "DML", ["WebGpu"] = "WebGPU", ["Xnnpack"] = "XNNPACK",
    };

    /// <exception cref="UnknownExecutionProviderException">The library does not have it.</exception>
    /// <exception cref="EngineException">It has it, and refuses the options, or lacks a library that the provider needs.</exception>
    public static void Append(OrtEnvironment environment, nint options, ExecutionProvider provider)
    {
        var listed = environment.AvailableProviders.FirstOrDefault(name => ExecutionProvider.Shorten(name).Equals(provider.ShortName, StringComparison.OrdinalIgnoreCase))
            ?? throw new UnknownExecutionProviderException(provider.Name, environment.AvailableProviders);
        using var keys = new NativeText([.. provider.Options.Keys]);
        using var values = new NativeText([.. provider.Options.Values]);
        try
        {
            Append(environment.Api, options, ExecutionProvider.Shorten(listed), keys, values, provider.Options.Count);
        }
        catch (EngineException e)
        {
            throw new EngineException(e.Code, $"execution provider '{provider.Name}' cannot be used. Install what it needs and check its options, or take it off {nameof(ExecutionOptions)}.{nameof(ExecutionOptions.Providers)}. {e.EngineMessage}");
        }
    }

    private static void Append(OrtApi api, nint options, string name, NativeText keys, NativeText values, int count)
    {
        switch (name)
        {
            case "CPU":
                // Always there, and always last.
                break;
            case "CUDA":
                using (var cuda = new OrtHandle(api, OrtObject.CudaOptions, api.CreateCudaProviderOptions()))
                {
                    api.UpdateCudaProviderOptions(cuda.Pointer, keys.Pointers, values.Pointers, count);
                    api.SessionOptionsAppendExecutionProviderCuda(options, cuda.Pointer);
                }

                break;
            case "Tensorrt":
                using (var tensorRt = new OrtHandle(api, OrtObject.TensorRtOptions, api.CreateTensorRtProviderOptions()))
                {
                    api.UpdateTensorRtProviderOptions(tensorRt.Pointer, keys.Pointers, values.Pointers, count);
                    api.SessionOptionsAppendExecutionProviderTensorRt(options, tensorRt.Pointer);
                }

                break;
            default:
                using (var text = new NativeText(AppendNames.GetValueOrDefault(name, name)))
                    api.SessionOptionsAppendExecutionProvider(options, text[0], keys.Pointers, values.Pointers, count);
                break;
        }
    }
}
