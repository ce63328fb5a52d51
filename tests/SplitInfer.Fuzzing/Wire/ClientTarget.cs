using SplitInfer.Client;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Policies;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Fuzzing.Wire;

/// <summary>A whole client with a policy and the model on the device, whose server says anything: never an exception, never a result that is not the device's unless a server said so.</summary>
internal sealed class ClientTarget : ScriptTarget
{
    private const int Cut = 1;

    private readonly PartitionedModel _model = PartitionedModel.Load(Model(), new(), new() { IntraOpThreads = 1 });
    private readonly TensorValue _input = RandomTensor.Normal(new Random(1), ElementType.Float32, 1, 8);
    private readonly byte[] _expected;

    public ClientTarget()
    {
        using var device = CreateAsync(null).GetAwaiter().GetResult();
        using var result = device.InferAsync(_input).AsTask().GetAwaiter().GetResult();
        _expected = result.Outputs[0].Bytes.ToArray();
        Seeds = [.. Scripts()];
    }

    public override string Name => "client";

    public override int ShortInputs => 150;

    // A client and its sessions are made for each input.
    public override long MostBytes(int length) => (16L << 20) + (8L * length);

    protected override IReadOnlyList<byte[]> Seeds { get; }

    public override bool Documents(Exception error) => false;

    public override string Take(byte[] input) => TakeAsync(input).GetAwaiter().GetResult();

    protected override void Release() => _input.Dispose();

    private static byte[] Model()
    {
        var g = new GraphBuilder("fuzzed", seed: 3);
        var x = g.Input("x", ElementType.Float32, 1, 8);
        g.Output(g.Tanh(g.Dense(g.Relu(g.Dense(x, 4)), 6)));
        return g.ToBytes();
    }

    private async Task<string> TakeAsync(byte[] input)
    {
        var connections = 0;
        var link = new ServerLink(_ => new(Interlocked.Increment(ref connections) == 1 ? new ScriptedServer(input) : throw new IOException("The server is gone.")), "fuzz", CodecRegistry.Default, new(), TimeProvider.System);
        await using var client = await CreateAsync(new RemoteTailTransport(link, new("", "", _model.Plan))).ConfigureAwait(false);
        var outcomes = new List<string>();
        for (var call = 0; call < 2; call++)
        {
            using var result = await client.InferAsync(_input).ConfigureAwait(false);
            if (result.Outputs[0].ByteLength != _expected.Length) throw new FuzzFindException($"The output is a {result.Outputs[0]}.");
            if (result.Source == InferenceSource.Device && !result.Outputs[0].Bytes.Span.SequenceEqual(_expected)) throw new FuzzFindException($"The device's result is another: {result}");
            if (result.HasNonFiniteOutputs) throw new FuzzFindException($"The result is not finite: {result}");
            outcomes.Add($"{result.Source} {result.ServerFailure?.GetType().Name}");
        }

        return string.Join(", ", outcomes);
    }

    private async Task<SplitInferenceClient> CreateAsync(ITailTransport? transport)
    {
        var options = new SplitInferenceOptions { ProfilingBudget = TimeSpan.Zero };
        options.Execution.IntraOpThreads = 1;
        if (transport is null) options.Policy = PolicyNames.AllOnDevice;
        else (options.Servers, options.CustomPolicy) = ([new() { Transport = transport }], static setup => new Eager(setup));
        return await SplitInferenceClient.CreateAsync(options, _model).ConfigureAwait(false);
    }

    private IEnumerable<byte[]> Scripts()
    {
        byte[] welcome = WirePeer.Frame(FrameType.Welcome, 0, new Welcome { Version = ProtocolVersion.Newest, Codecs = { "Raw", "Lz4" }, MaxInFlight = 4, MaxBoundaryBytes = 1 << 28, MaxOpenModels = 4 });
        byte[] opened = WirePeer.Frame(FrameType.ModelOpened, 1, new ModelOpened { Version = "1", TailUs = { 1, 1, 1 } });
        yield return [.. welcome, .. opened, .. WirePeer.Frame(FrameType.Response, 1, new ResponseHeader { RunUs = 5 }, _expected)];
        yield return [.. welcome, .. opened, .. WirePeer.Frame(FrameType.Error, 1, new ErrorHeader { Code = (uint)RefusalCode.PartitionUnavailable, Message = "No." })];
        yield return [.. welcome, .. opened, .. WirePeer.Frame(FrameType.GoAway, 0, new GoAway()), .. WirePeer.Frame(FrameType.Response, 1, new ResponseHeader(), _expected)];
        yield return [.. welcome, .. WirePeer.Frame(FrameType.ModelRefused, 1, new ErrorHeader { Code = (uint)RefusalCode.UnknownModel, Message = "No.", DifferingPartition = 1 })];
    }

    /// <summary>Takes the server whenever that can be used.</summary>
    private sealed class Eager(PolicySetup setup) : IPartitionPolicy
    {
        private readonly Arm _onServer = setup.Arms.First(static a => a.Arm.Cut == Cut).Arm;
        private readonly Arm _onDevice = setup.Arms.First(static a => a.Arm.IsOnDevice).Arm;

        public string Name => nameof(Eager);

        public PolicyNeeds Needs => PolicyNeeds.Outcomes;

        public Decision Decide(in DecisionContext context) => new() { Arm = (context.UnavailableServers & 1) != 0 ? _onDevice : _onServer };

        public void Observe(in Outcome outcome)
        {
        }
    }
}
