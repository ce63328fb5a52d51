using SplitInfer.Client;

namespace SplitInfer.Emulation;

/// <summary>Has a client try out a slower device and a slower link.</summary>
public static class EmulationExtensions
{
    /// <summary>Has everything that the client runs itself take a number of times as long, as an <see cref="EmulatedDevice"/> does.</summary>
    /// <param name="options">The client's options; their clock is the one that counts.</param>
    /// <param name="slowdown">How many times as long; at least 1, which changes nothing.</param>
    /// <returns>The device, whose slowdown may change later.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="slowdown"/> is less than 1 or not finite.</exception>
    /// <remarks>Changes <see cref="SplitInferenceOptions.Execution"/>, so call it once where several clients share that.</remarks>
    public static EmulatedDevice EmulateDevice(this SplitInferenceOptions options, double slowdown)
    {
        ArgumentNullException.ThrowIfNull(options);
        var device = new EmulatedDevice(slowdown, options.TimeProvider);
        options.EmulateDevice(device);
        return device;
    }

    /// <summary>Has everything that the client runs itself run on a device on which other clients may run as well.</summary>
    /// <param name="options">The client's options.</param>
    /// <param name="device">The device.</param>
    /// <remarks>Changes <see cref="SplitInferenceOptions.Execution"/>, so call it once where several clients share that.</remarks>
    public static void EmulateDevice(this SplitInferenceOptions options, EmulatedDevice device)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(device);
        var inner = options.Execution.WrapRunner;
        options.Execution.WrapRunner = inner is null ? device.Wrap : segment => device.Wrap(inner(segment));
    }

    /// <summary>Has the client reach its servers over a slower link, which they share.</summary>
    /// <param name="options">The client's options; their clock is the one that counts.</param>
    /// <param name="mbps">Bandwidth of each direction in Mbit/s, more than 0; infinite where only the round trip takes time.</param>
    /// <param name="roundTrip">Time of an empty message to the server and back; 0 unless given.</param>
    /// <returns>The link, whose conditions may change later.</returns>
    /// <exception cref="ArgumentOutOfRangeException">These are not the conditions of a link.</exception>
    /// <remarks>A <see cref="ServerOptions.Transport"/> of your own is left as it is: the link slows connections that SplitInfer makes.</remarks>
    public static EmulatedLink EmulateLink(this SplitInferenceOptions options, double mbps, TimeSpan roundTrip = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var link = new EmulatedLink(new(mbps, roundTrip), options.TimeProvider);
        options.EmulateLink(link);
        return link;
    }

    /// <summary>Has the client reach its servers over a link that other clients may use as well. They share its bandwidth.</summary>
    /// <param name="options">The client's options.</param>
    /// <param name="link">The link.</param>
    /// <remarks>A <see cref="ServerOptions.Transport"/> of your own is left as it is: the link slows connections that SplitInfer makes.</remarks>
    public static void EmulateLink(this SplitInferenceOptions options, EmulatedLink link)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(link);
        var inner = options.Transport.WrapStream;
        options.Transport.WrapStream = inner is null ? link.Wrap : stream => link.Wrap(inner(stream));
    }
}
