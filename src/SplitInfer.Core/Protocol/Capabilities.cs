using System.Collections.Immutable;

namespace SplitInfer.Protocol;

/// <summary>Optional parts of the protocol, by the names that the handshake settles on. This release has none; a name that it does not know is left out of the answer.</summary>
internal static class Capabilities
{
    /// <summary>Those that this release knows.</summary>
    public static ImmutableArray<string> Known { get; } = [];
}
