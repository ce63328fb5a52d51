using System.Collections.Immutable;
using SplitInfer.Codecs;
using SplitInfer.Protocol;
using SplitInfer.Server.Models;

namespace SplitInfer.Server.Connections;

/// <summary>The model, limits and codecs agreed on in the handshake. Immutable.</summary>
/// <param name="Model">The version of a model that the connection opened; the connection disposes it.</param>
/// <param name="Layouts">How its boundaries are laid out.</param>
/// <param name="Codecs">The codecs that requests may name, by their index on the wire.</param>
/// <param name="ReplyCodec">Index of the codec of replies: the first that is lossless, because what a loss does to a result is not known.</param>
internal sealed record ConnectionTerms(ModelLease Model, PlanLayouts Layouts, ImmutableArray<ITensorCodec> Codecs, int ReplyCodec);
