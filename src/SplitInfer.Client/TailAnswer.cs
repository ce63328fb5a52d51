using SplitInfer.Client.Transport;

namespace SplitInfer.Client;

/// <summary>Outputs of a tail, from whichever side ran it. Whoever holds it disposes the reply.</summary>
/// <param name="Reply">The outputs; null in the default value.</param>
/// <param name="IsFromServer">Whether the server ran it, or the device.</param>
/// <param name="Time">From the start of sending or running to the outputs.</param>
internal readonly record struct TailAnswer(TailReply? Reply, bool IsFromServer, TimeSpan Time)
{
    /// <summary>The time, where the server ran it.</summary>
    public TimeSpan ServerTime => IsFromServer ? Time : TimeSpan.Zero;

    /// <summary>The time, where the device ran it.</summary>
    public TimeSpan DeviceTime => IsFromServer ? TimeSpan.Zero : Time;
}
