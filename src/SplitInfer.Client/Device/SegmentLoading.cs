using SplitInfer.Segments;

namespace SplitInfer.Client.Device;

/// <summary>Loads segments beside requests.</summary>
internal static class SegmentLoading
{
    /// <summary>Loads a segment that requests can do without. Never fails.</summary>
    /// <param name="segments">The segments of the model.</param>
    /// <param name="key">Which one.</param>
    /// <param name="stop">Whether it is still wanted. An engine cannot be stopped while it loads, so that whoever disposes the client waits for it.</param>
    public static async Task LoadQuietlyAsync(this SegmentSet segments, SegmentKey key, CancellationToken stop)
    {
        try
        {
            if (!stop.IsCancellationRequested) await segments.PreloadAsync([key], CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception error) when (error is SplitInferException or ObjectDisposedException)
        {
            // Others do as well.
        }
    }
}
