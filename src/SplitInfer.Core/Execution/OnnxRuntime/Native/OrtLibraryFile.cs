using System.Runtime.InteropServices;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>Names and places of library files.</summary>
internal static class OrtLibraryFile
{
    /// <summary>The name under which the operating system is asked for it.</summary>
    public const string BareName = "onnxruntime";

    /// <summary>The name that native assets have on this operating system.</summary>
    public static string Name { get; } =
        OperatingSystem.IsWindows() ? "onnxruntime.dll"
        : OperatingSystem.IsMacOS() || OperatingSystem.IsIOS() ? "libonnxruntime.dylib"
        : "libonnxruntime.so";

    private static string Rid { get; } = string.Concat(
        OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux", "-",
        RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant());

    /// <summary>Where native assets of NuGet packages lie in an application.</summary>
    /// <param name="baseDirectory">The application's folder.</param>
    /// <param name="nativeFolders">Folders that the host knows from the application's dependency file.</param>
    public static IEnumerable<string> OfApplication(string baseDirectory, IEnumerable<string> nativeFolders) =>
        nativeFolders
            .Append(baseDirectory)
            .Append(Path.Combine(baseDirectory, "runtimes", RuntimeInformation.RuntimeIdentifier, "native"))
            .Append(Path.Combine(baseDirectory, "runtimes", Rid, "native"))
            .Select(static folder => Path.Combine(folder, Name))
            .Distinct();

    /// <summary>Where SplitInfer's build puts the library that it fetched; a folder that nothing else looks into.</summary>
    public static string OfSplitInfer(string baseDirectory) =>
        Path.Combine(baseDirectory, "runtimes", Rid, "native", "splitinfer", Name);
}
