namespace SplitInfer.Segments;

/// <summary>Turns the segments of one model into something that runs.</summary>
internal interface ISegmentCompiler : IDisposable
{
    /// <summary>Bytes that the compiled segments hold in common.</summary>
    long SharedBytes { get; }

    /// <summary>Compiles a segment and runs it once, so that the first request finds it warm. Not called by two threads at once.</summary>
    CompiledSegment Compile(SegmentKey key);
}
