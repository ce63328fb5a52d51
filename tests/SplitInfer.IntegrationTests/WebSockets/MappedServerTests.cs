using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using SplitInfer.AspNetCore;
using SplitInfer.Client.Transport;
using SplitInfer.IntegrationTests.Hosting;
using SplitInfer.Server;
using SplitInfer.Testing;
using SplitInfer.Testing.Certificates;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.WebSockets;

/// <summary>A server that clients reach through the HTTP server of an application.</summary>
public sealed class MappedServerTests : IDisposable
{
    private const string Key = "mapped-key-0123456789";

    private readonly TestFolder _folder = new();

    public MappedServerTests()
    {
        File.WriteAllBytes(_folder["models/demo/1/model.onnx"], UNet.Build().ToBytes());
        File.WriteAllText(_folder["keys"], $"phone {Key}");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Clients_connect_beside_what_else_the_application_has()
    {
        await using var host = await StartAsync(static app => app.MapSplitInferWebSocket("/infer"));
        await using var probe = Probe(host, "/infer");
        Assert.True(await probe.PingAsync() > TimeSpan.Zero);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("/v2/health/ready")).Status);
        Assert.Equal(HttpStatusCode.UpgradeRequired, (await host.GetAsync("/infer")).Status);
    }

    [Fact]
    public async Task The_path_and_the_query_reach_whoever_routes()
    {
        PathString path = default;
        QueryString query = default;
        await using var host = await StartAsync(app =>
        {
            app.Use((context, next) =>
            {
                (path, query) = (context.Request.Path, context.Request.QueryString);
                return next(context);
            });
            app.MapGroup("/tenants/{tenant}").MapSplitInferWebSocket("infer");
        });
        await using var probe = Probe(host, "/tenants/a%20b/infer?zone=c&d=%2F");
        Assert.True(await probe.PingAsync() > TimeSpan.Zero);
        Assert.Equal(("/tenants/a b/infer", "?zone=c&d=%2F"), (path.Value, query.Value));
    }

    [Theory]
    [InlineData("", false, false, false)]
    [InlineData("", true, false, false)]
    [InlineData("keys", false, false, false)]
    [InlineData("keys", true, false, true)]
    [InlineData("", true, true, true)]
    [InlineData("", false, true, false)]
    [InlineData("insecure", false, false, true)]
    public async Task Another_machine_is_let_in_where_it_is_known_and_what_travels_is_encrypted(string security, bool isHttps, bool isAuthenticated, bool isLetIn)
    {
        await using var host = await StartAsync(app =>
        {
            // As the middleware of forwarded headers and that of authentication do.
            app.Use((context, next) =>
            {
                (context.Connection.RemoteIpAddress, context.Request.Scheme) = (IPAddress.Parse("192.0.2.7"), isHttps ? "https" : "http");
                if (isAuthenticated) context.User = new(new System.Security.Claims.ClaimsIdentity("test"));
                return next(context);
            });
            app.MapSplitInferWebSocket("/infer");
        }, options =>
        {
            if (security == "keys") options.Security.KeysFile = _folder["keys"];
            options.Security.AllowInsecure = security == "insecure";
        });
        await using var probe = Probe(host, "/infer", security == "keys" ? Key : null);
        if (isLetIn) Assert.True(await probe.PingAsync() > TimeSpan.Zero);
        else Assert.Contains("403 (Forbidden)", (await Assert.ThrowsAsync<ServerUnreachableException>(async () => await probe.PingAsync())).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("X-Forwarded-For: 192.0.2.7", false)]
    [InlineData("x-forwarded-proto: https", false)]
    [InlineData("X-Original-Proto: http", false)]
    [InlineData("Forwarded: for=192.0.2.7", false)]
    [InlineData("Via: 1.1 proxy", false)]
    [InlineData("X-Real-IP: 192.0.2.7", false)]
    [InlineData("X-Other: 192.0.2.7", true)]
    public async Task What_a_proxy_on_this_machine_sends_is_not_of_this_machine(string header, bool isLetIn)
    {
        await using var host = await StartAsync(static app => app.MapSplitInferWebSocket("/infer"));
        await AssertAnswerAsync(new($"ws://127.0.0.1:{host.Port}/infer"), header, isLetIn);
        await using var server = await SplitInferServer.StartAsync(OwnHost(static _ => { }));
        await AssertAnswerAsync(server.Endpoints[0], header, isLetIn);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_server_that_knows_its_clients_or_allows_what_is_insecure_may_stand_behind_a_proxy_on_its_machine(bool hasKeys)
    {
        await using var server = await SplitInferServer.StartAsync(OwnHost(options => (options.Security.KeysFile, options.Security.AllowInsecure) = (hasKeys ? _folder["keys"] : null, !hasKeys)));
        await AssertAnswerAsync(server.Endpoints[0], "X-Forwarded-For: 192.0.2.7", isLetIn: true);
    }

    [Fact]
    public async Task A_request_without_an_address_is_not_of_this_machine()
    {
        await using var host = await StartAsync(static app =>
        {
            app.Use(static (context, next) =>
            {
                context.Connection.RemoteIpAddress = null;
                return next(context);
            });
            app.MapSplitInferWebSocket("/infer");
        });
        await AssertAnswerAsync(new($"ws://127.0.0.1:{host.Port}/infer"), "X-Other: 1", isLetIn: false);
    }

    [Theory]
    [InlineData("own", true)]
    [InlineData("other", false)]
    [InlineData("none", false)]
    public async Task A_certificate_counts_where_an_authority_of_the_server_s_clients_signed_it(string signer, bool isLetIn)
    {
        using var own = new TestAuthority(_folder);
        using var other = new TestAuthority(_folder, "other");
        var files = (signer == "other" ? other : own).Issue("client");
        using var shown = X509Certificate2.CreateFromPemFile(files.CertificateFile, files.KeyFile);
        await using var host = await StartAsync(app =>
        {
            app.Use((context, next) =>
            {
                (context.Connection.RemoteIpAddress, context.Request.Scheme) = (IPAddress.Parse("192.0.2.7"), "https");
                if (signer != "none") context.Connection.ClientCertificate = shown;
                return next(context);
            });
            app.MapSplitInferWebSocket("/infer");
        }, options => (options.Security.CertificateFile, options.Security.CertificateKeyFile, options.Security.ClientCaFile) = (files.CertificateFile, files.KeyFile, own.CaFile));
        await AssertAnswerAsync(new($"ws://127.0.0.1:{host.Port}/infer"), "X-Other: 1", isLetIn);
    }

    [Fact]
    public async Task A_server_that_has_stopped_says_so()
    {
        await using var host = await StartAsync(static app => app.MapSplitInferWebSocket("/infer"));
        await using (var before = Probe(host, "/infer"))
        {
            await before.PingAsync();
            await host.Server.StopAsync(CancellationToken.None);
        }

        await using var probe = Probe(host, "/infer");
        var error = await Assert.ThrowsAsync<ServerUnreachableException>(async () => await probe.PingAsync());
        Assert.Contains("503 (ServiceUnavailable)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_server_there_is_nothing_to_map()
    {
        await using var application = WebHost.Build(static _ => { });
        Assert.Contains("AddSplitInferServer", Assert.Throws<InvalidOperationException>(() => application.MapSplitInferWebSocket("/infer")).Message, StringComparison.Ordinal);
    }

    private static async Task AssertAnswerAsync(Uri address, string header, bool isLetIn)
    {
        using var raw = await RawUpgrade.ConnectAsync(address);
        await raw.SendAsync(Encoding.ASCII.GetBytes(RawUpgrade.Request(address, $"{header}\r\n")));
        Assert.StartsWith(isLetIn ? "HTTP/1.1 101 " : "HTTP/1.1 403 ", await raw.ReadHeadAsync(), StringComparison.Ordinal);
    }

    private SplitInferServerOptions OwnHost(Action<SplitInferServerOptions> configure)
    {
        var options = new SplitInferServerOptions { ModelsDirectory = _folder["models"] };
        options.Listen.Add(new("ws://127.0.0.1:0/infer"));
        configure(options);
        return options.UseKestrel();
    }

    private Task<WebHost> StartAsync(Action<WebApplication> map, Action<SplitInferServerOptions>? configure = null) => WebHost.StartAsync(
        options =>
        {
            options.ModelsDirectory = _folder["models"];
            configure?.Invoke(options);
        },
        app =>
        {
            map(app);
            app.MapSplitInfer();
        });

    private static ServerProbe Probe(WebHost host, string path, string? key = null) => new(new($"ws://127.0.0.1:{host.Port}{path}"), new() { Security = { Key = key } });
}
