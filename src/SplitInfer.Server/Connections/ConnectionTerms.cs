using System.Collections.Immutable;
using SplitInfer.Codecs;

namespace SplitInfer.Server.Connections;

/// <summary>What the handshake agreed on. Immutable.</summary>
/// <param name="Codecs">The codecs that requests may name, by their index on the wire.</param>
/// <param name="ReplyCodec">Index of the codec of replies: the first that is lossless, because what a loss does to a result is not known.</param>
internal sealed record ConnectionTerms(ImmutableArray<ITensorCodec> Codecs, int ReplyCodec);
