using SplitInfer.Codecs;
using SplitInfer.Server.Monitoring;
using SplitInfer.Server.Models;
using SplitInfer.Server.Scheduling;
using SplitInfer.Server.Telemetry;

namespace SplitInfer.Server.Connections;

/// <summary>What all connections of a server share.</summary>
/// <param name="Models">The models that clients may open.</param>
/// <param name="Codecs">The codecs that they may use.</param>
/// <param name="Scheduler">Decides when tails run.</param>
/// <param name="Machines">The machines that clients connect from.</param>
/// <param name="Limits">What one connection may take.</param>
/// <param name="Time">The clock.</param>
/// <param name="Keys">The keys that they may have; null where they need none.</param>
/// <param name="Log">The server's log.</param>
/// <param name="Recorder">Tells listeners how requests go.</param>
/// <param name="Feed">Passes requests on to those who watch.</param>
internal sealed record ServerContext(
    IModelRegistry Models, CodecRegistry Codecs, ITailScheduler Scheduler, ClientMachines Machines, ConnectionLimits Limits, TimeProvider Time, Access.KeyRing? Keys, ServerLog Log, ServerRecorder Recorder, RequestFeed Feed);
