namespace SplitInfer.Protocol;

/// <summary>The other end does not speak the protocol, or what it sent was damaged on the way.</summary>
public sealed class ProtocolException : SplitInferException
{
    internal ProtocolException(string message, Exception? inner = null) : base(message, inner) { }

    /// <summary>Whether the other end did no more than end the connection in the middle of a message.</summary>
    internal bool IsCutOff { get; init; }

    /// <summary>The other end broke a rule of the protocol.</summary>
    internal static ProtocolException Violation(string what, Exception? inner = null) =>
        new($"The other end broke the protocol: {what}. Check that both ends run releases of SplitInfer that go together.", inner);

    /// <summary>A checksum does not match.</summary>
    internal static ProtocolException Damaged(string what) =>
        new($"{char.ToUpperInvariant(what[0])}{what[1..]} was damaged on the way: its checksum does not match. Send the request again; if it happens again, look for what changes bytes between the two ends.");
}
