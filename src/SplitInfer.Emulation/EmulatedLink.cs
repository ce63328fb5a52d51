using SplitInfer.Client.Transport;

namespace SplitInfer.Emulation;

/// <summary>
/// A link to a server that is slower than the real one. Real bytes go over real connections; those to the server leave no faster than the bandwidth
/// allows, and those from it arrive no faster, and a round trip later. Every connection over the link shares its bandwidth. The connection itself is made
/// at the speed of the real one. Conditions may change while the link is used. Thread-safe.
/// </summary>
public sealed class EmulatedLink
{
    private readonly TimeProvider _time;
    private readonly LinkDirection _up;
    private readonly LinkDirection _down;
    private LinkConditions _conditions;

    /// <summary>A link.</summary>
    /// <param name="conditions">What it is like to begin with.</param>
    /// <param name="time">The clock; null (the default) is the system's.</param>
    /// <exception cref="ArgumentOutOfRangeException">The conditions are not those of a link.</exception>
    public EmulatedLink(LinkConditions conditions, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(conditions);
        (_conditions, _time) = (conditions.Checked(), time ?? TimeProvider.System);
        (_up, _down) = (new(this, _time), new(this, _time));
    }

    /// <summary>What the link is like at the moment. A change is felt by what is on its way within some 10 ms.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The conditions are not those of a link.</exception>
    public LinkConditions Conditions
    {
        get => Volatile.Read(ref _conditions);
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            Volatile.Write(ref _conditions, value.Checked());
        }
    }

    /// <summary>Bytes that went to servers, with everything that the protocol adds to payloads.</summary>
    public long BytesUp => _up.Bytes;

    /// <summary>Bytes that came from servers.</summary>
    public long BytesDown => _down.Bytes;

    /// <summary>Goes through phases, one after the other; the last one's conditions stay.</summary>
    /// <param name="phases">The phases.</param>
    /// <param name="cancellationToken">Stops where the link is.</param>
    /// <exception cref="ArgumentOutOfRangeException">Conditions are not those of a link.</exception>
    public async Task PlayAsync(IEnumerable<LinkPhase> phases, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(phases);
        foreach (var phase in phases)
        {
            Conditions = phase.Conditions;
            await Task.Delay(phase.Duration, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A connection as it is over this link; made for <see cref="TransportOptions.WrapStream"/>.</summary>
    /// <param name="connection">The real connection. The returned stream owns it, and reads from it at once. Its reads and writes are asynchronous only.</param>
    public Stream Wrap(Stream connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return new EmulatedStream(connection, this, _up, _down, _time);
    }
}
