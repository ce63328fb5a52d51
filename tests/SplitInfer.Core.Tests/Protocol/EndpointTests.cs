using SplitInfer.Protocol.Endpoints;

namespace SplitInfer.Core.Tests.Protocol;

public class EndpointTests
{
    [Theory]
    [InlineData("tcp://localhost:7070", "tcp://localhost:7070")]
    [InlineData("TCP://127.0.0.1:80/", "tcp://127.0.0.1:80")]
    [InlineData("tcp://[::1]:5", "tcp://[::1]:5")]
    [InlineData("tls://server:7070", "tls://server:7070")]
    [InlineData("tls://[::1]:5", "tls://[::1]:5")]
    [InlineData("ws://server:8080/a/b?c=d", "ws://server:8080/a/b?c=d")]
    [InlineData("wss://server/infer", "wss://server/infer")]
    [InlineData("ws://[::1]", "ws://[::1]")]
    [InlineData("unix:///run/a%20b.sock", "unix:///run/a%20b.sock")]
    public void Addresses_that_can_be_used(string address, string expected) => Assert.Equal(expected, Endpoint.Parse(new Uri(address)).ToString());

    [Theory]
    [InlineData("localhost", "not a whole address")]
    [InlineData("tcp://localhost", "no port")]
    [InlineData("tcp:localhost:80", "no host")]
    [InlineData("tcp://localhost:80/path", "has a path")]
    [InlineData("unix://relative/path", "no absolute path")]
    [InlineData("unix:relative", "no absolute path")]
    [InlineData("unix:///", "no absolute path")]
    [InlineData("http://localhost:80", "unknown scheme 'http'")]
    [InlineData("tls://localhost", "no port")]
    [InlineData("tls://localhost:80/path", "has a path")]
    [InlineData("wss://me@localhost:80", "names a user")]
    [InlineData("ws://localhost:80/#top", "a fragment")]
    public void Others_are_refused_in_words(string address, string expected)
    {
        var error = Assert.Throws<EndpointException>(() => Endpoint.Parse(new Uri(address, UriKind.RelativeOrAbsolute)));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Matches("Write|Use", error.Message);
    }

    [Theory]
    [InlineData("tcp://127.0.0.1:7070", true)]
    [InlineData("tcp://127.3.2.1:7070", true)]
    [InlineData("tcp://LOCALHOST:7070", true)]
    [InlineData("tls://[::1]:7070", true)]
    [InlineData("tcp://[::ffff:127.0.0.1]:7070", true)]
    [InlineData("unix:///run/a.sock", true)]
    [InlineData("ws://127.0.0.1:80/infer", true)]
    [InlineData("wss://localhost/infer", true)]
    [InlineData("ws://0.0.0.0:80/infer", false)]
    [InlineData("wss://server/infer", false)]
    [InlineData("tcp://0.0.0.0:7070", false)]
    [InlineData("tls://[::]:7070", false)]
    [InlineData("tcp://10.0.0.1:7070", false)]
    [InlineData("tcp://localhost.example:7070", false)]
    public void Only_the_loopback_interface_and_sockets_in_the_file_system_are_this_machine_s_own(string address, bool isLocal) =>
        Assert.Equal(isLocal, Endpoint.Parse(new Uri(address)).IsLocal);

    [Fact]
    public void A_server_without_a_certificate_does_not_listen_at_tls() =>
        Assert.Contains("certificate", Assert.Throws<EndpointException>(() => Endpoint.Parse(new Uri("tls://127.0.0.1:0")).Listen()).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("ws://127.0.0.1:0", false, "tcp://")]
    [InlineData("wss://127.0.0.1:0", true, "tls://")]
    public void Without_an_HTTP_server_nothing_listens_for_WebSockets(string address, bool isEncrypted, string instead)
    {
        var endpoint = Endpoint.Parse(new Uri(address));
        Assert.Equal(isEncrypted, endpoint.IsEncrypted);
        var error = Assert.Throws<EndpointException>(() => endpoint.Listen());
        Assert.Contains("UseKestrel()", error.Message, StringComparison.Ordinal);
        Assert.Contains(instead, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_path_that_is_too_long_for_a_socket_is_refused_in_words() =>
        Assert.Contains("shorter path", Assert.Throws<EndpointException>(() => Endpoint.Parse(new Uri("unix:///" + new string('x', 300)))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_port_that_is_taken_is_refused_in_words()
    {
        using var listener = Endpoint.Parse(new Uri("tcp://127.0.0.1:0")).Listen();
        var error = Assert.Throws<EndpointException>(() => Endpoint.Parse(listener.Address).Listen());
        Assert.Contains(listener.Address.ToString().TrimEnd('/'), error.Message, StringComparison.Ordinal);
        Assert.Contains("port that is free", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_bound_can_be_connected_to()
    {
        foreach (var endpoint in new[] { "tcp://127.0.0.1:0", "tcp://localhost:0", $"unix://{NewPath()}" })
        {
            using var listener = Endpoint.Parse(new Uri(endpoint)).Listen();
            using var client = await Endpoint.Parse(listener.Address).ConnectAsync(CancellationToken.None);
            using var server = await listener.AcceptAsync();
            await client.SendAsync(new byte[] { 42 });
            var received = new byte[2];
            Assert.Equal(1, await server.ReceiveAsync(received));
            Assert.Equal(42, received[0]);
        }
    }

    [Fact]
    public void A_socket_that_a_killed_server_left_behind_is_taken_over_but_no_other_file()
    {
        var path = NewPath();
        File.WriteAllBytes(path, []); // what is left of a socket whose process is gone: nobody answers, no content
        using (Endpoint.Parse(new Uri($"unix://{path}")).Listen()) { }

        Assert.False(File.Exists(path));
        File.WriteAllText(path, "precious");
        Assert.Throws<EndpointException>(() => Endpoint.Parse(new Uri($"unix://{path}")).Listen());
        Assert.Equal("precious", File.ReadAllText(path));
        File.Delete(path);
    }

    [Fact]
    public void A_socket_at_which_someone_listens_is_not_taken_over()
    {
        var address = new Uri($"unix://{NewPath()}");
        using var first = Endpoint.Parse(address).Listen();
        Assert.Throws<EndpointException>(() => Endpoint.Parse(address).Listen());
    }

    private static string NewPath() => Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
}
