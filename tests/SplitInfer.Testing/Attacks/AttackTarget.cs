using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Google.Protobuf;
using SplitInfer.Partitioning;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Tensors;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Testing.Attacks;

/// <summary>A server of <see cref="AttackModels"/>, as an attacker sees it.</summary>
/// <param name="port">Where it listens on the loopback interface.</param>
/// <param name="machine">The address that the attacker connects from, so that the server takes it for another machine than that of others.</param>
/// <param name="pause">How long the attacker rests between two strokes, so that it leaves some of this machine to its victims; none where it goes on at once.</param>
/// <param name="plans">The plans of the models, by name.</param>
internal sealed class AttackTarget(int port, IPAddress machine, TimeSpan pause, IReadOnlyDictionary<string, PartitionedModel> plans)
{
    private const int OpenHandle = 1;

    private static readonly Hello Greeting = new() { MinVersion = ProtocolVersion.Oldest, MaxVersion = ProtocolVersion.Newest, Codecs = { "Raw" }, Client = "attack" };

    private int _connections;

    /// <summary>Connections that the attacker has made.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Plans the models.</summary>
    public static IReadOnlyDictionary<string, PartitionedModel> Plan() =>
        AttackModels.All.ToDictionary(static model => model.Key, static model => PartitionedModel.Load(model.Value, new(), new() { IntraOpThreads = 1 }));

    /// <summary>Rests between two strokes.</summary>
    public Task PauseAsync(CancellationToken stop) => pause == TimeSpan.Zero ? Task.CompletedTask : Task.Delay(pause, stop);

    /// <summary>The plan of a model.</summary>
    public PartitionPlan PlanOf(string model) => plans[model].Plan;

    /// <summary>What opens a model.</summary>
    public OpenModel Opening(string model) => new()
    {
        Model = model,
        ModelFingerprint = ByteString.CopyFrom(PlanOf(model).Model.Bytes),
        PlanFingerprint = ByteString.CopyFrom(PlanOf(model).Fingerprint.Bytes),
    };

    /// <summary>The header of a request under the handle of <see cref="GreetAsync"/>.</summary>
    /// <param name="model">The model that is open there.</param>
    /// <param name="partition">What is to run.</param>
    /// <param name="sizes">The sizes of its symbols.</param>
    public RequestHeader Header(string model, int partition = 0, params long[] sizes) =>
        new() { Handle = OpenHandle, Partition = (uint)partition, PlanCheck = new PlanLayouts(PlanOf(model)).Check, SymbolSizes = { sizes } };

    /// <summary>The bytes of a boundary of a partition, all sizes of which are fixed.</summary>
    public byte[] Boundary(string model, int partition = 0)
    {
        var boundary = PlanOf(model).Partitions[partition].Boundary;
        return new byte[boundary.Sum(static value => (int)value.Type.ByteSize(value.Shape.ElementCount))];
    }

    /// <summary>The payload of <see cref="AttackModels.Expand"/> and <see cref="AttackModels.Loop"/>, which state a number.</summary>
    public static byte[] Counted(PartitionPlan plan, long count)
    {
        List<byte> bytes = [];
        foreach (var input in plan.Partitions[0].Boundary) bytes.AddRange(input.Name == "count" ? BitConverter.GetBytes(count) : new byte[4 * sizeof(float)]);
        return [.. bytes];
    }

    /// <summary>A message in as many frames as it takes.</summary>
    public static byte[] Message(ulong id, RequestHeader header, byte[] payload)
    {
        List<byte> bytes = [];
        for (var at = 0; at == 0 || at < payload.Length; at += FrameHeader.MaxPayloadLength)
        {
            var end = Math.Min(payload.Length, at + FrameHeader.MaxPayloadLength);
            bytes.AddRange(WirePeer.Frame(at == 0 ? FrameType.Request : FrameType.Data, id, at == 0 ? header : null, payload.AsSpan(at, end - at), end == payload.Length));
        }

        return [.. bytes];
    }

    /// <summary>A connection on which nothing was said yet.</summary>
    /// <param name="receiveBuffer">Bytes that the system holds for a client that does not read them; null for what it does.</param>
    /// <param name="stop">Ends the attempt.</param>
    public async Task<Socket> ConnectAsync(CancellationToken stop, int? receiveBuffer = null)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (receiveBuffer is { } bytes) socket.ReceiveBufferSize = bytes;
            socket.Bind(new IPEndPoint(machine, 0));
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), stop);
            Interlocked.Increment(ref _connections);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>A connection that has shaken hands, over TLS where that is said.</summary>
    public async Task<WirePeer> GreetAsync(CancellationToken stop, string? model = null, int? receiveBuffer = null, Func<Stream, Stream>? wrap = null)
    {
        Stream stream = new NetworkStream(await ConnectAsync(stop, receiveBuffer), ownsSocket: true);
        var peer = new WirePeer(wrap?.Invoke(stream) ?? stream);
        try
        {
            await peer.SendAsync(FrameType.Hello, 0, Greeting);
            if (model is not null) await peer.SendAsync(FrameType.OpenModel, OpenHandle, Opening(model));
            await peer.ReceiveAsync(FrameType.Welcome).WaitAsync(stop);
            if (model is not null) await peer.ReceiveAsync(FrameType.ModelOpened).WaitAsync(stop);
            return peer;
        }
        catch
        {
            peer.Dispose();
            throw;
        }
    }

    /// <summary>Says hello with a key over TLS, and waits for the answer.</summary>
    public async Task TryKeyAsync(string key, CancellationToken stop)
    {
        await using var stream = new NetworkStream(await ConnectAsync(stop), ownsSocket: true);
        await using var secure = new SslStream(stream, leaveInnerStreamOpen: false, static (_, certificate, _, _) => certificate is not null);
        await secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost" }, stop);
        var hello = Greeting.Clone();
        hello.Key = key;
        await secure.WriteAsync(WirePeer.Frame(FrameType.Hello, 0, hello), stop);
        _ = await secure.ReadAsync(new byte[1024], stop);
    }
}
