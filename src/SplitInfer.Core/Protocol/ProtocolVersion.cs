namespace SplitInfer.Protocol;

/// <summary>The versions of the messages that this release speaks; the handshake settles on one. The layout of a frame has a version of its own.</summary>
internal static class ProtocolVersion
{
    public const uint Oldest = 3;
    public const uint Newest = 3;
}
