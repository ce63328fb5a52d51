using System.Collections.Immutable;
using SplitInfer.Codecs;
using SplitInfer.Server.Access;

namespace SplitInfer.Server.Connections;

/// <summary>What the handshake agreed on. Immutable.</summary>
/// <param name="Codecs">The codecs that requests may name, by their index on the wire.</param>
/// <param name="ReplyCodec">Index of the codec of replies: the first that is lossless, because what a loss does to a result is not known.</param>
/// <param name="Key">The client's key; null where the server requires none.</param>
internal sealed record ConnectionTerms(ImmutableArray<ITensorCodec> Codecs, int ReplyCodec, AccessKey? Key)
{
    /// <summary>Names of <see cref="Codecs"/>.</summary>
    public ImmutableArray<string> CodecNames { get; } = [.. Codecs.Select(static codec => codec.Name)];

    /// <summary>The client's software, as it says itself, fit to be shown.</summary>
    public string Software { get; init; } = "";

    /// <summary>Whether requests may carry reports.</summary>
    public bool HasReports { get; init; }

    /// <summary>Whether requests may say what quality their answers need, and exits may answer those that do.</summary>
    public bool HasExits { get; init; }
}
