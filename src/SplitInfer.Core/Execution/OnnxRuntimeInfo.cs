using SplitInfer.Execution.OnnxRuntime;

namespace SplitInfer.Execution;

/// <summary>The ONNX Runtime library that this process uses.</summary>
/// <param name="LibraryPath">Where it was found; a bare name when the operating system found it.</param>
/// <param name="Version">Its version, such as <c>1.30.0</c>.</param>
/// <param name="Providers">The execution providers that it was built with. Some need libraries of their own besides.</param>
public sealed record OnnxRuntimeInfo(string LibraryPath, string Version, IReadOnlyList<string> Providers)
{
    /// <summary>Loads the library, if nothing has yet, and describes it. Thread-safe.</summary>
    /// <exception cref="OnnxRuntimeNotFoundException">No library was found.</exception>
    /// <exception cref="OnnxRuntimeIncompatibleException">The library that was asked for is of no use.</exception>
    public static OnnxRuntimeInfo Load(ExecutionOptions? options = null)
    {
        var environment = OrtEnvironment.For(options ?? new());
        return new(environment.Library.Path, environment.Library.Version, environment.AvailableProviders);
    }
}
