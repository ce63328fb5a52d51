using System.Collections.Concurrent;
using System.Collections.Immutable;
using SplitInfer.Client.Transport;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Policies;
using SplitInfer.Protocol;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>The scripted device, server and policy, as the client sees them.</summary>
internal static class ScriptedParts
{
    /// <summary>What the server says that a tail ran, s.</summary>
    public const double RunSeconds = 0.005;

    private static Exception ErrorOf(ScriptedFault fault) => fault.Fault switch
    {
        Fault.ServerFailed => Refused(RefusalCode.Failed),
        Fault.Busy => Refused(RefusalCode.Busy),
        Fault.BusyFor3Seconds => new TailRefusedException(RefusalCode.Busy, "The script refuses it.") { RetryAfter = TimeSpan.FromSeconds(3) },
        Fault.DeadlineExceeded => Refused(RefusalCode.DeadlineExceeded),
        Fault.InvalidPartition => Refused(RefusalCode.InvalidPartition),
        Fault.PartitionUnavailable => Refused(RefusalCode.PartitionUnavailable),
        Fault.ConnectionLost => new ServerUnreachableException("The script loses the connection.", fault),
        Fault.ProtocolBroken => ProtocolException.Violation("the script says so", fault),
        Fault.CancelledByTransport => new OperationCanceledException(),
        Fault.Closed => new ObjectDisposedException("The scripted transport"),
        Fault.DeviceFailed => new EngineException(EngineErrorCode.Fail, "the script says so", fault),
        _ => fault,
    };

    private static TailRefusedException Refused(RefusalCode code) => new(code, "The script refuses it.");

    /// <summary>Takes what a test says, and keeps what it is told.</summary>
    public sealed class Policy(Func<Choice, int, Arm> arms, Func<Arm> standIn, PolicyNeeds needs) : IPartitionPolicy
    {
        private readonly ConcurrentQueue<Observed> _observed = [];
        private readonly ConcurrentQueue<(int Server, double Seconds)> _roundTrips = [];
        private readonly ConcurrentQueue<int> _teachers = [];
        private readonly ConcurrentQueue<(int Server, double[] TailSeconds)> _profiles = [];
        private readonly ConcurrentQueue<int> _locals = [];
        private readonly ConcurrentQueue<(int Exit, double Confidence)> _exits = [];
        private readonly ConcurrentQueue<bool> _barred = [];
        private readonly ConcurrentQueue<bool?> _localExits = [];
        private Decision _next;

        public string Name => "Scripted";

        public IReadOnlyList<Observed> Observed => [.. _observed];

        /// <summary>The servers of the outcomes in <see cref="Observed"/>.</summary>
        public IReadOnlyList<int> Teachers => [.. _teachers];

        public IReadOnlyList<(int Server, double Seconds)> RoundTrips => [.. _roundTrips];

        /// <summary>The variants that outcomes said to have run on the device, in their order.</summary>
        public IReadOnlyList<int> Locals => [.. _locals];

        /// <summary>The exits of the outcomes in <see cref="Observed"/>, and how sure they were.</summary>
        public IReadOnlyList<(int Exit, double Confidence)> Exits => [.. _exits];

        /// <summary>Of the outcomes in <see cref="Observed"/>, whether the exit of the arm was not let answer.</summary>
        public IReadOnlyList<bool> Barred => [.. _barred];

        /// <summary>Of the outcomes in <see cref="Observed"/>, whether the exit of what stands in answered.</summary>
        public IReadOnlyList<bool?> LocalExits => [.. _localExits];

        /// <summary>What the last decision was told of the servers.</summary>
        public ulong Unavailable { get; private set; }

        public PolicyNeeds Needs => needs;

        public void Choose(Choice choice, int request) => _next = new()
        {
            Arm = arms(choice, choice.To),
            Shadow = choice.Shadow is { } other ? arms(choice, other) : null,
            IsRaced = choice.IsRaced,
            LateAfterSeconds = choice.LateAfterSeconds,
            Local = choice.StandsIn ? standIn() : choice.LocalExit > 0 ? arms(choice with { Exit = choice.LocalExit, IsOnDevice = true }, Arm.OnDevice) : null,
            HedgeAfterSeconds = choice.HedgeAfterSeconds,
            Sequence = request,
        };

        public Decision Decide(in DecisionContext context)
        {
            Unavailable = context.UnavailableServers;
            return _next;
        }

        public void Observe(in Outcome told)
        {
            _exits.Enqueue((told.Exit, told.Confidence));
            _barred.Enqueue(told.IsExitBarred);
            _localExits.Enqueue(told.LocalExitAnswered);
            _teachers.Enqueue(told.Decision.Arm.Server);
            if (told.DeviceSeconds > 0) _locals.Enqueue(told.Decision.Local?.Variant ?? told.Decision.Arm.Variant);
            _observed.Enqueue(new(
                (int)told.Decision.Sequence, told.Kind == OutcomeKind.LateReply, told.HeadSeconds, told.EncodeSeconds, told.OffloadSeconds, told.ServerSeconds, told.BytesSent, told.IsCensored, told.DeviceSeconds));
        }

        public IReadOnlyList<(int Server, double[] TailSeconds)> Profiles => [.. _profiles];

        public void ObserveServerProfile(int server, ImmutableArray<double> tailSeconds) => _profiles.Enqueue((server, [.. tailSeconds]));

        public void ObserveRoundTrip(int server, double seconds) => _roundTrips.Enqueue((server, seconds));
    }

    /// <summary>The way to the scripted server.</summary>
    public class Transport(ScriptedServer server, TrackedTensors tensors) : ITailTransport
    {
        private readonly ConcurrentQueue<TensorValue> _boundaries = [];

        protected ScriptedServer Server => server;

        public bool AreBoundariesReleased => _boundaries.All(static tensor =>
        {
            try
            {
                _ = tensor.Bytes;
                return false;
            }
            catch (ObjectDisposedException)
            {
                return true;
            }
        });

        public ImmutableArray<double> TailSeconds => server.Profile;

        public async ValueTask<TailReply> SendAsync(TailRequest request, CancellationToken cancellationToken = default)
        {
            var boundary = request.Boundary.Span[0];
            _boundaries.Enqueue(boundary);
            try
            {
                var outputs = await server.AnswerAsync(request.Partition.Index, () => boundary.Span<float>().ToArray(), Sent, () => request.Progress.SendSeconds = server.Sending!.Value.TotalSeconds, cancellationToken).ConfigureAwait(false);
                return new([tensors.Make(outputs)], new(0, 0, RunSeconds, 0));
            }
            catch (ScriptedFault fault)
            {
                throw ErrorOf(fault);
            }

            void Sent() => (request.Progress.EncodeSeconds, request.Progress.BytesSent) = (server.Encoding.TotalSeconds, boundary.ByteLength);
        }

        public virtual TransportCapabilities Capabilities => server.Sending is null ? TransportCapabilities.None : TransportCapabilities.SendProgress;

        public virtual TimeSpan Silence => TimeSpan.Zero;

        public virtual ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask DisposeAsync()
        {
            GC.SuppressFinalize(this);
            server.Dispose();
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>The same, with pings.</summary>
    public sealed class PingedTransport(ScriptedServer server, TrackedTensors tensors) : Transport(server, tensors)
    {
        public override TransportCapabilities Capabilities => base.Capabilities | (Server.IsWatched ? TransportCapabilities.Ping | TransportCapabilities.Silence : TransportCapabilities.Ping);

        public override TimeSpan Silence => Server.Silence;

        public override async ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default)
        {
            try
            {
                return await Server.PingAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (ScriptedFault fault)
            {
                throw ErrorOf(fault);
            }
        }
    }

    /// <summary>Makes the segments run on the scripted device.</summary>
    public sealed class Compiler(ScriptedDevice device, TrackedTensors tensors) : ISegmentCompiler
    {
        public long SharedBytes => 0;

        /// <summary>The name of one of the segments that the tests use.</summary>
        public static SegmentKey KeyOf(Segment segment) => segment switch
        {
            Segment.Head => new(SegmentSide.Head, (int)Cut.Split),
            Segment.Tail => new(SegmentSide.Tail, (int)Cut.Split),
            Segment.Middle => SegmentKey.Between((int)Cut.Split, ScriptedExits.Second),
            _ => new(SegmentSide.Head, (int)Cut.AllOnDevice),
        };

        public CompiledSegment Compile(SegmentKey key)
        {
            var model = ThreeStages.Model;
            var (segment, first, last, values) = key.Side switch
            {
                SegmentSide.Tail => (Segment.Tail, key.Partition, ThreeStages.Count, model.Tail(key.Partition)),
                SegmentSide.Middle => (Segment.Middle, key.From, key.Partition, model.Between(key.From, key.Partition)),
                _ => (key.Partition == ThreeStages.Count ? Segment.Whole : Segment.Head, 0, key.Partition, model.Head(key.Partition)),
            };
            try
            {
                device.Load(segment);
            }
            catch (ScriptedFault fault)
            {
                throw new SegmentLoadException("The scripted model", key, (EngineException)ErrorOf(fault));
            }

            return new(new Runner(device, tensors, segment, first, last, values), ExclusiveBytes: 1, Shared: null);
        }

        public void Dispose()
        {
        }
    }

    private sealed class Runner(ScriptedDevice device, TrackedTensors tensors, Segment segment, int first, int last, SegmentModel values) : ISegmentRunner
    {
        public IReadOnlyList<TensorSpec> Inputs => values.Inputs;

        public IReadOnlyList<TensorSpec> Outputs => values.Outputs;

        public async ValueTask RunAsync(ReadOnlyMemory<TensorValue> inputs, Memory<TensorValue> outputs, CancellationToken cancellationToken = default)
        {
            try
            {
                var results = await device.RunAsync(segment, first, last, () => inputs.Span[0].Span<float>().ToArray(), cancellationToken).ConfigureAwait(false);
                outputs.Span[0] = tensors.Make(results);
            }
            catch (ScriptedFault fault)
            {
                throw ErrorOf(fault);
            }
        }

        public void Dispose()
        {
        }
    }
}
