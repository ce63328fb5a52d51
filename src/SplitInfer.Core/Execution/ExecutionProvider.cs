namespace SplitInfer.Execution;

/// <summary>An execution provider of ONNX Runtime, with options. The application's ONNX Runtime package must have been built with it, or its library must have been registered with the environment.</summary>
public sealed class ExecutionProvider
{
    private const string Suffix = "ExecutionProvider";

    /// <summary>Names a provider.</summary>
    /// <param name="name">With or without the ending <c>ExecutionProvider</c>: <c>CUDA</c>, <c>WebGpuExecutionProvider</c>. Case does not matter.</param>
    /// <param name="options">Passed to the provider unchanged.</param>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public ExecutionProvider(string name, IReadOnlyDictionary<string, string>? options = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        Name = name;
        Options = options ?? new Dictionary<string, string>();
    }

    /// <summary>The name as given.</summary>
    public string Name { get; }

    /// <summary>Options of the provider, such as <c>device_id</c>.</summary>
    public IReadOnlyDictionary<string, string> Options { get; }

    /// <summary>The name without the ending <c>ExecutionProvider</c>.</summary>
    internal string ShortName => Shorten(Name);

    /// <summary>Whether a full or short name is this provider's.</summary>
    internal bool IsNamed(string name) => Shorten(name).Equals(ShortName, StringComparison.OrdinalIgnoreCase);

    internal static string Shorten(string name) =>
        name.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase) && name.Length > Suffix.Length ? name[..^Suffix.Length] : name;

    /// <summary>The name as given.</summary>
    public override string ToString() => Name;
}
