namespace SplitInfer.Client.Transport;

/// <summary>Where a reply says its time went, in seconds on the other end's clock.</summary>
/// <param name="QueueSeconds">Waiting for the tail to be loaded, where it was not, and for a place to run.</param>
/// <param name="DecodeSeconds">Decoding what was left of the boundary when all of it had come.</param>
/// <param name="RunSeconds">Running the tail.</param>
/// <param name="EncodeSeconds">Encoding the outputs until their first bytes could leave.</param>
public readonly record struct TailTimings(double QueueSeconds, double DecodeSeconds, double RunSeconds, double EncodeSeconds)
{
    /// <summary>All of it.</summary>
    public double TotalSeconds => QueueSeconds + DecodeSeconds + RunSeconds + EncodeSeconds;
}
