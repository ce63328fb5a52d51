using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Client.Tests.Transport;

public class HandshakeTests
{
    [Fact]
    public async Task The_model_is_opened_right_behind_the_hello()
    {
        await using var server = new ScriptedServer();
        var sending = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var peer = await server.AcceptAsync();
        var hello = (await peer.ReceiveAsync(FrameType.Hello)).Read(Hello.Parser);
        Assert.Equal((ProtocolVersion.Oldest, ProtocolVersion.Newest), (hello.MinVersion, hello.MaxVersion));
        Assert.Equal(["Raw", "RunLength", "Probe"], hello.Codecs);
        Assert.StartsWith("SplitInfer ", hello.Client, StringComparison.Ordinal);
        var frame = await peer.ReceiveAsync(FrameType.OpenModel);
        var open = frame.Read(OpenModel.Parser);
        Assert.Equal((1ul, "model", ""), (frame.Header.RequestId, open.Model, open.Version));
        Assert.Equal(WirePlan.Plan.Model.Bytes.ToArray(), open.ModelFingerprint.ToByteArray());
        Assert.Equal(WirePlan.Plan.Fingerprint.Bytes.ToArray(), open.PlanFingerprint.ToByteArray());
        Assert.Equal(WirePlan.Plan.Sketch, open.PlanSketch.ToByteArray());
        await server.DisposeAsync();
        await Assert.ThrowsAsync<ServerUnreachableException>(() => sending);
    }

    [Theory]
    [InlineData(RefusalCode.VersionMismatch, false)]
    [InlineData(RefusalCode.Busy, false)]
    [InlineData(RefusalCode.UnknownModel, true)]
    [InlineData(RefusalCode.ModelMismatch, true)]
    [InlineData(RefusalCode.PlanMismatch, true)]
    public async Task A_refusal_is_told_to_all_who_wait_and_the_next_request_tries_again(RefusalCode code, bool isOfModel)
    {
        await using var server = new ScriptedServer();
        var first = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var second = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var peer = await server.AcceptAsync();
        var error = new ErrorHeader { Code = (uint)code, Message = "Because.", RetryAfterMs = 250 };
        await peer.ReceiveAsync(FrameType.Hello);
        if (isOfModel)
        {
            await peer.SendAsync(FrameType.Welcome, 0, ScriptedServer.Welcome());
            await peer.ReceiveAsync(FrameType.OpenModel);
        }

        await peer.SendAsync(isOfModel ? FrameType.ModelRefused : FrameType.Error, isOfModel ? 1ul : 0ul, error);
        foreach (var waiting in new[] { first, second })
        {
            var refused = await Assert.ThrowsAsync<TailRefusedException>(() => waiting);
            Assert.Equal((code, "Because.", TimeSpan.FromMilliseconds(250)), (refused.Code, refused.Message, refused.RetryAfter));
        }

        var third = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        if (!isOfModel) peer = await server.WelcomeAsync();
        else Assert.Equal(2ul, (await ScriptedServer.OpenAsync(peer)).Header.RequestId); // on the connection that there is

        await peer.ReceiveAsync(FrameType.Request);
        await peer.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await third);
    }

    [Theory]
    [InlineData(0u, "Raw", 1u, "version 0")]
    [InlineData(ProtocolVersion.Newest + 1, "Raw", 1u, "version 4")]
    [InlineData(ProtocolVersion.Newest, "Zip", 1u, "codec 'Zip'")]
    [InlineData(ProtocolVersion.Newest, "Raw", 0u, "no request")]
    public async Task A_welcome_to_something_else_is_an_error(uint version, string codec, uint maxInFlight, string expected)
    {
        await using var server = new ScriptedServer();
        var sending = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var peer = await server.AcceptAsync();
        await peer.SendAsync(FrameType.Welcome, 0, new Welcome { Version = version, Codecs = { codec }, MaxInFlight = maxInFlight });
        var error = await Assert.ThrowsAsync<ProtocolException>(() => sending);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_capability_that_was_not_offered_is_an_error()
    {
        await using var server = new ScriptedServer();
        var sending = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var welcome = ScriptedServer.Welcome();
        welcome.Capabilities.Add("from-the-future");
        await (await server.AcceptAsync()).SendAsync(FrameType.Welcome, 0, welcome);
        Assert.Contains("from-the-future", (await Assert.ThrowsAsync<ProtocolException>(() => sending)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_the_plans_differ_is_told_from_both_ends()
    {
        await using var server = new ScriptedServer();
        var sending = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var peer = await server.AcceptAsync();
        await peer.SendAsync(FrameType.Welcome, 0, ScriptedServer.Welcome());
        await peer.SendAsync(FrameType.ModelRefused, 1, new ErrorHeader { Code = (uint)RefusalCode.PlanMismatch, Message = "They differ.", DifferingPartition = WirePlan.OnDevice + 1 });
        var refused = await Assert.ThrowsAsync<TailRefusedException>(() => sending);
        Assert.Equal((RefusalCode.PlanMismatch, WirePlan.OnDevice), (refused.Code, refused.DifferingPartition));
        Assert.Contains("At this end partition 4 ", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_server_has_measured_of_its_tails_is_known_once_the_model_is_open()
    {
        await using var server = new ScriptedServer();
        var sending = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var peer = await server.AcceptAsync();
        await peer.ReceiveAsync(FrameType.Hello);
        await peer.SendAsync(FrameType.Welcome, 0, ScriptedServer.Welcome());
        await peer.ReceiveAsync(FrameType.OpenModel);
        Assert.Empty(server.Transport.TailSeconds);
        await peer.SendAsync(FrameType.ModelOpened, 1, new ModelOpened { Version = "1", TailUs = { 900, 0, 700 } });
        await peer.ReceiveAsync(FrameType.Request);
        await peer.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await sending);
        Assert.Equal<double>([0.0009, 0, 0.0007], server.Transport.TailSeconds);
    }

    [Fact]
    public async Task Tails_of_more_partitions_than_the_plan_has_are_an_error()
    {
        await using var server = new ScriptedServer();
        var sending = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var peer = await server.AcceptAsync();
        await peer.SendAsync(FrameType.Welcome, 0, ScriptedServer.Welcome());
        await peer.SendAsync(FrameType.ModelOpened, 1, new ModelOpened { Version = "1", TailUs = { new uint[WirePlan.Plan.Partitions.Length + 1] } });
        Assert.Contains("tails", (await Assert.ThrowsAsync<ProtocolException>(() => sending)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_of_another_kind_is_an_error()
    {
        await using var server = new ScriptedServer();
        var sending = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        await (await server.AcceptAsync()).SendAsync("HTTP/1.1 400 Bad Request\r\nServer: other\r\n\r\n"u8.ToArray());
        Assert.Contains("speaks HTTP, and this end does not", (await Assert.ThrowsAsync<ProtocolException>(() => sending)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_hangs_up_is_unreachable()
    {
        await using var server = new ScriptedServer();
        var sending = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        // Once more, since a proxy whose server has just gone may find another.
        for (var attempt = 0; attempt < 2; attempt++) (await server.AcceptAsync()).Dispose();
        Assert.Contains("test://server", (await Assert.ThrowsAsync<ServerUnreachableException>(() => sending)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SocketError.ConnectionReset)]
    [InlineData(SocketError.ConnectionAborted)]
    [InlineData(SocketError.Shutdown)] // a broken pipe
    public void A_server_that_closes_is_told_in_the_same_words_whether_it_had_read_everything_or_not(SocketError error)
    {
        var expected = ConnectionLoss.NotConnected("tcp://server:7070", new EndOfStreamException()).Message;
        Assert.Contains("use tls:// in place of tcp://", expected, StringComparison.Ordinal);
        Exception socket = new SocketException((int)error), wrapped = new IOException("It was lost.", socket);
        Assert.All(new[] { socket, wrapped }, reason => Assert.Equal(expected, ConnectionLoss.NotConnected("tcp://server:7070", reason).Message));
    }

    [Fact]
    public void A_server_that_refuses_connections_is_not_told_as_one_that_closes_them() =>
        Assert.StartsWith("No server can be reached", ConnectionLoss.NotConnected("tcp://server:7070", new SocketException((int)SocketError.ConnectionRefused)).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_server_that_says_nothing_is_unreachable()
    {
        var time = new FakeTimeProvider();
        await using var server = new ScriptedServer(time);
        var sending = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var peer = await server.AcceptAsync();
        await peer.ReceiveAsync(FrameType.Hello);
        time.Advance(TimeSpan.FromSeconds(11));
        Assert.Contains("no answer came within 10 s", (await Assert.ThrowsAsync<ServerUnreachableException>(() => sending)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_unreachable_and_the_message_says_where_and_what_to_check()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0)); // bound, but no one listens
        foreach (var address in new[] { new Uri($"tcp://{taken.LocalEndPoint}"), new Uri($"unix://{Path.GetTempPath()}{Path.GetRandomFileName()}") })
        {
            await using var transport = new RemoteTailTransport(address, "model", "", WirePlan.Plan, CodecRegistry.Default, new(), TimeProvider.System);
            var error = await Assert.ThrowsAsync<ServerUnreachableException>(async () => await transport.SendAsync(ScriptedServer.Request()));
            Assert.Contains(address.ToString().TrimEnd('/'), error.Message, StringComparison.Ordinal);
            Assert.Contains("Check that a SplitInfer server runs there", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Disposing_ends_an_attempt_to_connect()
    {
        await using var server = new ScriptedServer();
        var sending = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        await (await server.AcceptAsync()).ReceiveAsync(FrameType.Hello);
        await server.Transport.DisposeAsync();
        await Assert.ThrowsAsync<ServerUnreachableException>(() => sending);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await server.Transport.SendAsync(ScriptedServer.Request()));
    }
}
