using SplitInfer.Codecs;

namespace SplitInfer.Core.Tests.Codecs;

/// <summary>The vector paths that this machine can run, the reference first.</summary>
internal static class CodecPaths
{
    public static IReadOnlyList<VectorPath> All { get; } =
        [.. Enum.GetValues<VectorPath>().Where(static path => path <= VectorPaths.Widest)];
}
