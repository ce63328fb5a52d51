namespace SplitInfer.Protocol.Endpoints.WebSockets;

/// <summary>
/// What a WebSocket carries beside the payload of its messages: headers, pings and the like. The framework answers pings and skips empty messages by
/// itself, so that a flood of them would keep a thread busy and be seen by no one. Used by the reader of the socket alone.
/// </summary>
internal sealed class WebSocketOverhead
{
    /// <summary>Bytes that may come without any payload. Each byte of payload allows one more byte of the rest; no more than this is ever left over.</summary>
    public const int Most = 16 << 10;

    private long _left = Most;
    private int _room;

    /// <summary>Payload is asked for.</summary>
    /// <param name="room">Bytes for which there is room: as many may be read before they are delivered.</param>
    public void Begin(int room) => _room = room;

    /// <summary>Bytes were read from the connection, of whatever kind.</summary>
    /// <exception cref="ProtocolException">Next to nothing of what comes is payload.</exception>
    public void Read(int bytes)
    {
        _left -= bytes;
        if (_left + _room < 0) throw ProtocolException.Violation("pings, empty messages and headers of WebSockets came one after the other, with next to nothing in them");
    }

    /// <summary>Payload was delivered.</summary>
    public void Deliver(int bytes) => _left = Math.Min(Most, _left + (2L * bytes));
}
