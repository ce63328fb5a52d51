using Microsoft.Extensions.Logging;
using SplitInfer.AspNetCore;
using SplitInfer.Client.Transport;
using SplitInfer.Server;
using SplitInfer.Testing;
using SplitInfer.Testing.Certificates;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.Security;

/// <summary>A server that other machines reach starts only with TLS and clients that it knows, or when it is told to in words.</summary>
public sealed class OpenServerTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly TestAuthority _authority;

    public OpenServerTests()
    {
        File.WriteAllBytes(_folder["models/demo/1/model.onnx"], UNet.Build().ToBytes());
        File.WriteAllText(_folder["keys"], "phone abcdefghijklmnop");
        _authority = new(_folder);
        _authority.Issue("server");
    }

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("tcp://127.0.0.1:7070", "", true)]
    [InlineData("tcp://localhost:7070", "", true)]
    [InlineData("unix:///run/splitinfer.sock", "", true)]
    [InlineData("tcp://0.0.0.0:7070", "", false)]
    [InlineData("tcp://[::]:7070", "", false)]
    [InlineData("tcp://server:7070", "", false)]
    [InlineData("tcp://10.0.0.1:7070", "keys certificate ca", false)]
    [InlineData("tls://0.0.0.0:7070", "certificate", false)]
    [InlineData("tls://0.0.0.0:7070", "certificate keys", true)]
    [InlineData("tls://0.0.0.0:7070", "certificate ca", true)]
    [InlineData("tls://127.0.0.1:7070", "certificate", true)]
    [InlineData("tls://127.0.0.1:7070", "", false)]
    [InlineData("tls://0.0.0.0:7070", "insecure", false)]
    [InlineData("tcp://0.0.0.0:7070", "insecure", true)]
    [InlineData("tls://0.0.0.0:7070", "certificate insecure", true)]
    [InlineData("ws://127.0.0.1:7070/infer", "", true)]
    [InlineData("ws://0.0.0.0:7070/infer", "", false)]
    [InlineData("ws://server/infer", "keys certificate ca", false)]
    [InlineData("ws://0.0.0.0:7070/infer", "insecure", true)]
    [InlineData("wss://0.0.0.0/infer", "certificate", false)]
    [InlineData("wss://0.0.0.0/infer", "certificate keys", true)]
    [InlineData("wss://0.0.0.0/infer", "certificate ca", true)]
    [InlineData("wss://127.0.0.1/infer", "", false)]
    [InlineData("wss://0.0.0.0/infer", "insecure", false)]
    public void Options_are_valid_where_nobody_else_gets_in(string address, string security, bool isValid)
    {
        var options = new SplitInferServerOptions { Listen = { new Uri("tcp://127.0.0.1:7071"), new Uri(address) }, Security = Security(security) }.UseKestrel();
        var error = Record.Exception(options.Validate);
        if (isValid) Assert.Null(error);
        else Assert.Contains(address, Assert.IsType<ArgumentException>(error).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:8080", "", true)]
    [InlineData("http://localhost:8080", "", true)]
    [InlineData("http://0.0.0.0:8080", "", false)]
    [InlineData("http://server", "keys certificate ca", false)]
    [InlineData("http://0.0.0.0:8080", "insecure", true)]
    [InlineData("https://0.0.0.0:8443", "certificate", false)]
    [InlineData("https://0.0.0.0:8443", "certificate keys", true)]
    [InlineData("https://0.0.0.0:8443", "certificate ca", true)]
    [InlineData("https://127.0.0.1:8443", "", false)]
    [InlineData("https://0.0.0.0:8443", "insecure", false)]
    public void The_same_holds_for_HTTP(string address, string security, bool isValid)
    {
        var options = new SplitInferServerOptions { Listen = { new Uri("tcp://127.0.0.1:7071") }, Http = new(address), Security = Security(security) }.UseKestrel();
        var error = Record.Exception(options.Validate);
        if (isValid) Assert.Null(error);
        else Assert.StartsWith($"Http has {address}", Assert.IsType<ArgumentException>(error).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_is_told_to_warns_and_one_that_is_safe_does_not()
    {
        foreach (var (address, security, fault) in new[]
        {
            ("tcp://0.0.0.0:0", "insecure", "without encryption and without knowing its clients"),
            ("tcp://0.0.0.0:0", "keys insecure", "without encryption,"),
            ("tls://0.0.0.0:0", "certificate insecure", "without knowing its clients"),
            ("tls://0.0.0.0:0", "certificate keys insecure", null),
            ("tcp://127.0.0.1:0", "insecure", null),
            ("ws://0.0.0.0:0/infer", "keys insecure", "without encryption,"),
            ("wss://0.0.0.0:0/infer", "certificate keys insecure", null),
        })
        {
            using var logs = new Logs();
            var options = new SplitInferServerOptions { ModelsDirectory = _folder["models"], Listen = { new Uri(address) }, Security = Security(security) }.UseKestrel();
            await using var server = await SplitInferServer.StartAsync(options, logs);
            if (fault is null) Assert.Empty(logs.Log.Of("Insecure"));
            else Assert.Contains(fault, Assert.Single(logs.Log.Of("Insecure")), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Without_an_HTTP_server_a_WebSocket_address_is_refused_in_words()
    {
        var options = new SplitInferServerOptions { Listen = { new Uri("ws://127.0.0.1:7070/infer") } };
        Assert.Contains("UseKestrel()", Assert.Throws<ArgumentException>(options.Validate).Message, StringComparison.Ordinal);
        options = new() { Http = new Uri("http://127.0.0.1:8080") };
        Assert.Contains("UseKestrel()", Assert.Throws<ArgumentException>(options.Validate).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tls")]
    [InlineData("wss")]
    public async Task It_serves_who_shows_a_key_over_TLS(string scheme)
    {
        var options = new SplitInferServerOptions { ModelsDirectory = _folder["models"], Listen = { new Uri($"{scheme}://0.0.0.0:0") }, Security = Security("certificate keys") }.UseKestrel();
        await using var server = await SplitInferServer.StartAsync(options);
        await using var probe = new ServerProbe(new($"{scheme}://127.0.0.1:{server.Endpoints[0].Port}"), new() { Security = { CaFile = _authority.CaFile, Key = "abcdefghijklmnop" } });
        Assert.True(await probe.PingAsync() > TimeSpan.Zero);
    }

    private ServerSecurityOptions Security(string words)
    {
        var security = new ServerSecurityOptions();
        foreach (var word in words.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            switch (word)
            {
                case "certificate": (security.CertificateFile, security.CertificateKeyFile) = (_folder["server.crt"], _folder["server.key"]); break;
                case "ca": security.ClientCaFile = _authority.CaFile; break;
                case "keys": security.KeysFile = _folder["keys"]; break;
                case "insecure": security.AllowInsecure = true; break;
                default: throw new ArgumentException(word);
            }
        }

        return security;
    }

    private sealed class Logs : ILoggerFactory
    {
        public SecureServer.CollectedLog Log { get; } = new();

        public ILogger CreateLogger(string categoryName) => Log;

        public void AddProvider(ILoggerProvider provider) { }

        public void Dispose() { }
    }
}
