using System.Collections.Immutable;
using SplitInfer.Codecs;
using SplitInfer.Protocol;

namespace SplitInfer.Server.Hosting;

/// <summary>What a handshake settled for one connection: the model, whose plan and limits stay what they are, and the codecs.</summary>
/// <param name="Model">The model, which others use as well.</param>
/// <param name="Layouts">How its boundaries are laid out.</param>
/// <param name="Codecs">The codecs that requests may name, by their index on the wire.</param>
/// <param name="ReplyCodec">Index of the codec of replies: the first that is lossless, because what a loss does to a result is not known.</param>
internal sealed record Agreement(ITailModel Model, PlanLayouts Layouts, ImmutableArray<ITensorCodec> Codecs, int ReplyCodec);
