using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using SplitInfer.AspNetCore;
using SplitInfer.IntegrationTests.Hosting;
using SplitInfer.Partitioning;
using SplitInfer.Server;
using SplitInfer.Testing;
using SplitInfer.Testing.Certificates;

namespace SplitInfer.IntegrationTests.OpenInference;

/// <summary>Who may use a server over HTTP, and how much of it.</summary>
public sealed class AccessTests : IDisposable
{
    private const string Key = "a-key-of-a-phone-0123456789", Request = """{"inputs":[{"name":"a","shape":[1,3],"datatype":"FP32","data":[1,2,3]},{"name":"b","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]}""";

    private readonly TestFolder _folder = new();

    public AccessTests() => File.WriteAllText(_folder["keys"], $"phone {Key}\nother another-key-0123456789");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Without_a_key_only_health_is_answered()
    {
        await using var server = await StartAsync();
        foreach (var path in (string[])["/v2", "/v2/models/m", "/v2/models/m/ready"])
            ExpectUnauthorized(await server.SendAsync(HttpMethod.Get, path));
        ExpectUnauthorized(await server.SendAsync(HttpMethod.Post, "/v2/repository/index"));
        ExpectUnauthorized(await server.InferAsync(Request));
        ExpectUnauthorized(await server.InferAsync(Request, "/v2/models/nothing/infer"));
        foreach (var path in (string[])["/v2/health/live", "/v2/health/ready"]) Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Get, path)).Status);
    }

    [Theory]
    [InlineData("Bearer a-key-of-a-phone-012345678")]
    [InlineData("Bearer ")]
    [InlineData("Basic a-key-of-a-phone-0123456789")]
    [InlineData("a-key-of-a-phone-0123456789")]
    public async Task A_wrong_key_is_refused(string authorization)
    {
        await using var server = await StartAsync();
        ExpectUnauthorized(await server.InferAsync(Request, change: request => request.Headers.TryAddWithoutValidation("Authorization", authorization)));
    }

    [Fact]
    public async Task A_key_lets_in_until_it_is_removed()
    {
        await using var server = await StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await server.InferAsync(Request, change: Known)).Status);
        foreach (var path in (string[])["/v2", "/v2/models/m", "/v2/models/m/ready"]) Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Get, path, change: Known)).Status);
        await File.WriteAllTextAsync(_folder["keys"], "other another-key-0123456789");
        while ((await server.InferAsync(Request, change: Known)).Status == HttpStatusCode.OK) await Task.Delay(50);
        ExpectUnauthorized(await server.InferAsync(Request, change: Known));
    }

    [Fact]
    public async Task A_key_has_as_many_requests_a_second_as_it_may_and_is_told_when_to_come_back()
    {
        await using var server = await StartAsync(static options => options.Limits.MaxRequestsPerSecondPerKey = 0.01);
        Assert.Equal(HttpStatusCode.OK, (await server.InferAsync(Request, change: Known)).Status);
        var refused = await server.InferAsync(Request, change: Known);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.Status);
        Assert.True(refused.Headers.RetryAfter?.Delta > TimeSpan.FromSeconds(10));
        // The other key has its own.
        Assert.Equal(HttpStatusCode.OK, (await server.InferAsync(Request, change: static request => request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "another-key-0123456789"))).Status);
    }

    [Fact]
    public async Task A_client_that_holds_as_many_bytes_as_it_may_is_told_to_come_back()
    {
        await using var server = await StartAsync(static options => (options.Security.KeysFile, options.Limits.MaxHeldBytesPerMachine) = (null, 1000));
        var refused = await server.InferAsync(Request);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.Status);
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Equal(0, server.Server.HeldBytes);
    }

    [Fact]
    public async Task A_server_that_stops_takes_no_more()
    {
        await using var host = await WebHost.StartAsync(static options => options.Models.Add(new("m", "1", PartitionedModel.Load(SmallModels.Sum()))), static app => app.MapSplitInfer());
        Assert.Equal(HttpStatusCode.OK, (await host.PostAsync("/v2/models/m/infer", Request)).Status);
        await host.Server.StopAsync(CancellationToken.None);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await host.PostAsync("/v2/models/m/infer", Request)).Status);
    }

    [Fact]
    public async Task What_comes_through_a_proxy_is_not_local()
    {
        await using var host = await WebHost.StartAsync(static options => options.Models.Add(new("m", "1", PartitionedModel.Load(SmallModels.Sum()))), static app =>
        {
            app.Use(static (context, next) =>
            {
                context.Request.Headers["X-Forwarded-For"] = "192.0.2.1";
                return next(context);
            });
            app.UseRouting();
            app.MapSplitInfer();
        });
        Assert.Equal(HttpStatusCode.Forbidden, (await host.PostAsync("/v2/models/m/infer", Request)).Status);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("/v2/models/m")).Status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_key_is_not_taken_from_another_machine_without_encryption_unless_that_is_allowed(bool isAllowed)
    {
        await using var server = await StartAsync(options => options.Security.AllowInsecure = isAllowed);
        var expected = isAllowed ? HttpStatusCode.OK : HttpStatusCode.Forbidden;
        foreach (var path in (string[])["/v2", "/v2/models/m", "/v2/models/m/ready"]) Assert.Equal(expected, (await server.SendAsync(HttpMethod.Get, path, change: FromElsewhere)).Status);
        Assert.Equal(expected, (await server.SendAsync(HttpMethod.Post, "/v2/repository/index", change: FromElsewhere)).Status);
        Assert.Equal(expected, (await server.InferAsync(Request, change: FromElsewhere)).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Get, "/v2/models/m", change: Known)).Status);

        static void FromElsewhere(HttpRequestMessage request)
        {
            Known(request);
            request.Headers.Add("X-Forwarded-For", "192.0.2.1");
        }
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site", HttpStatusCode.Forbidden)]
    [InlineData("Sec-Fetch-Site", "same-origin", HttpStatusCode.Forbidden)]
    [InlineData("Sec-Fetch-Site", "none", HttpStatusCode.OK)]
    [InlineData("Origin", "http://127.0.0.1", HttpStatusCode.Forbidden)]
    [InlineData("Host", "evil.example", HttpStatusCode.Forbidden)]
    [InlineData("Host", "localhost:1", HttpStatusCode.OK)]
    [InlineData("Host", "[::1]", HttpStatusCode.OK)]
    public async Task Pages_reach_no_model_nor_what_is_told_of_clients(string header, string value, HttpStatusCode expected)
    {
        await using var server = await StartAsync(static options => options.Security.KeysFile = null);
        Assert.Equal(expected, (await server.InferAsync(Request, change: request => request.Headers.TryAddWithoutValidation(header, value))).Status);
        using var client = new HttpClient { BaseAddress = server.Address };
        using var asked = new HttpRequestMessage(HttpMethod.Get, "/v2/monitor");
        asked.Headers.TryAddWithoutValidation(header, value);
        using var answer = await client.SendAsync(asked, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(expected, answer.StatusCode);
    }

    [Fact]
    public async Task Other_endpoints_of_an_application_can_ask_for_the_same_keys()
    {
        await using var host = await WebHost.StartAsync(options =>
        {
            options.Models.Add(new("m", "1", PartitionedModel.Load(SmallModels.Sum())));
            options.Security.KeysFile = _folder["keys"];
        }, static app => app.MapGet("/other", static () => "{}").RequireSplitInferKey());
        using var client = new HttpClient { BaseAddress = new($"http://127.0.0.1:{host.Port}") };
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/other")).StatusCode);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/other")).StatusCode);
        client.DefaultRequestHeaders.Add("Via", "1.1 proxy");
        Assert.Equal(HttpStatusCode.Forbidden, (await client.GetAsync("/other")).StatusCode);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Over_TLS_both_versions_of_HTTP_are_spoken(string version)
    {
        using var authority = new TestAuthority(_folder);
        var certificate = authority.Issue("server");
        var options = new SplitInferServerOptions
        {
            Models = { new("m", "1", PartitionedModel.Load(SmallModels.Sum())) },
            Listen = { new("tcp://127.0.0.1:0") },
            Http = new("https://0.0.0.0:0"),
            Security = { CertificateFile = certificate.CertificateFile, CertificateKeyFile = certificate.KeyFile, KeysFile = _folder["keys"] },
        };
        await using var server = await SplitInferServer.StartAsync(options.UseKestrel());
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, CustomTrustStore = { X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(authority.CaFile)) } };
        using var handler = new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = trust } };
        using var client = new HttpClient(handler) { BaseAddress = new($"https://127.0.0.1:{server.HttpEndpoint!.Port}"), DefaultRequestVersion = new(version), DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/models/m/infer") { Content = new StringContent(Request), Version = new(version), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        Known(request);
        using var response = await client.SendAsync(request);
        Assert.Equal((HttpStatusCode.OK, new Version(version)), (response.StatusCode, response.Version));
    }

    private static void Known(HttpRequestMessage request) => request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Key);

    private static void ExpectUnauthorized(InferenceServer.Answer answer)
    {
        Assert.Equal(HttpStatusCode.Unauthorized, answer.Status);
        Assert.Equal("Bearer", Assert.Single(answer.Headers.WwwAuthenticate).Scheme);
        Assert.EndsWith(".", answer.Error, StringComparison.Ordinal);
    }

    private Task<InferenceServer> StartAsync(Action<SplitInferServerOptions>? configure = null) => InferenceServer.StartAsync(SmallModels.Sum(), options =>
    {
        options.Security.KeysFile = _folder["keys"];
        configure?.Invoke(options);
    });
}
