using Microsoft.Extensions.Logging;
using SplitInfer.Codecs;
using SplitInfer.Server.Models;
using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server.Connections;

/// <summary>What all connections of a server share.</summary>
/// <param name="Models">The models that clients may open.</param>
/// <param name="Codecs">The codecs that they may use.</param>
/// <param name="Scheduler">Decides when tails run.</param>
/// <param name="Budget">Bytes of boundaries that may be held at a time.</param>
/// <param name="Limits">What one connection may take.</param>
/// <param name="Time">The clock.</param>
/// <param name="Log">The server's log.</param>
internal sealed record ServerContext(
    IModelRegistry Models, CodecRegistry Codecs, ITailScheduler Scheduler, ByteBudget Budget, ConnectionLimits Limits, TimeProvider Time, ILogger Log);
