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
    public async Task Hello_says_what_the_client_wants()
    {
        await using var server = new ScriptedServer();
        var sending = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var hello = (await (await server.AcceptAsync()).ReceiveAsync(FrameType.Hello)).Read(Hello.Parser);
        Assert.Equal("model", hello.Model);
        Assert.Equal(WirePlan.Plan.Model.Bytes.ToArray(), hello.ModelFingerprint.ToByteArray());
        Assert.Equal(WirePlan.Plan.Fingerprint.Bytes.ToArray(), hello.PlanFingerprint.ToByteArray());
        Assert.Equal(["Raw", "RunLength", "Probe"], hello.Codecs);
        await server.DisposeAsync();
        await Assert.ThrowsAsync<ServerUnreachableException>(() => sending);
    }

    [Theory]
    [InlineData(RefusalCode.UnknownModel)]
    [InlineData(RefusalCode.ModelMismatch)]
    [InlineData(RefusalCode.PlanMismatch)]
    [InlineData(RefusalCode.VersionMismatch)]
    public async Task A_refusal_is_told_to_all_who_wait_and_the_next_request_tries_again(RefusalCode code)
    {
        await using var server = new ScriptedServer();
        var first = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var second = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var peer = await server.AcceptAsync();
        await peer.SendAsync(FrameType.Error, 0, new ErrorHeader { Code = (uint)code, Message = "Because." });
        foreach (var waiting in new[] { first, second })
        {
            var refused = await Assert.ThrowsAsync<TailRefusedException>(() => waiting);
            Assert.Equal((code, "Because."), (refused.Code, refused.Message));
        }

        var third = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        peer = await server.WelcomeAsync();
        await peer.ReceiveAsync(FrameType.Request);
        await peer.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await third);
    }

    [Theory]
    [InlineData(0u, "Raw", 1u, "version 0")]
    [InlineData(ProtocolVersion.Newest + 1, "Raw", 1u, "version 3")]
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
    public async Task A_server_of_another_kind_is_an_error()
    {
        await using var server = new ScriptedServer();
        var sending = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        await (await server.AcceptAsync()).SendAsync("HTTP/1.1 400 Bad Request\r\nServer: other\r\n\r\n"u8.ToArray());
        Assert.Contains("does not speak", (await Assert.ThrowsAsync<ProtocolException>(() => sending)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_hangs_up_is_unreachable()
    {
        await using var server = new ScriptedServer();
        var sending = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        (await server.AcceptAsync()).Dispose();
        Assert.Contains("test://server", (await Assert.ThrowsAsync<ServerUnreachableException>(() => sending)).Message, StringComparison.Ordinal);
    }

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
