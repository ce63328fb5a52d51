using System.Collections.Immutable;

namespace SplitInfer.Protocol;

/// <summary>Optional parts of the protocol, by the names that the handshake settles on. A name that a server does not know is left out of its answer.</summary>
internal static class Capabilities
{
    /// <summary>Requests tell what the client has seen of those before.</summary>
    public const string Reports = "reports";

    /// <summary>Requests say what share of answers is to be the model's own, and on whose behalf they come; replies, which exit answered.</summary>
    public const string Exits = "exits";

    /// <summary>Those that this release knows.</summary>
    public static ImmutableArray<string> Known { get; } = [Reports, Exits];
}
