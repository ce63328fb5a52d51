using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using SplitInfer.Server;

namespace SplitInfer.IntegrationTests.Hosting;

/// <summary>A web application with a server in it, on free ports of the loopback interface.</summary>
internal sealed class WebHost : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly HttpClient _client;

    private WebHost(WebApplication application)
    {
        _application = application;
        _client = new() { BaseAddress = new(application.Urls.Single()) };
    }

    /// <summary>The port of its HTTP server.</summary>
    public int Port => _client.BaseAddress!.Port;

    /// <summary>The server.</summary>
    public SplitInferServer Server => _application.Services.GetRequiredService<SplitInferServer>();

    /// <summary>All endpoints that were mapped.</summary>
    public IReadOnlyList<Endpoint> Endpoints => _application.Services.GetRequiredService<EndpointDataSource>().Endpoints;

    /// <summary>Starts one.</summary>
    /// <param name="configure">Names the models.</param>
    /// <param name="map">Maps the endpoints.</param>
    public static async Task<WebHost> StartAsync(Action<SplitInferServerOptions> configure, Action<WebApplication> map)
    {
        var application = Build(services => services.AddSplitInferServer(options =>
        {
            configure(options);
            options.Listen.Add(new("tcp://127.0.0.1:0"));
        }));
        map(application);
        await application.StartAsync();
        return new(application);
    }

    /// <summary>Makes an application that does not run yet.</summary>
    public static WebApplication Build(Action<IServiceCollection> add)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        add(builder.Services);
        return builder.Build();
    }

    public Task<(HttpStatusCode Status, JsonElement Body)> GetAsync(string path) => SendAsync(HttpMethod.Get, path, body: null);

    public Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(string path, string body) => SendAsync(HttpMethod.Post, path, body);

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _application.DisposeAsync();
    }

    private async Task<(HttpStatusCode Status, JsonElement Body)> SendAsync(HttpMethod method, string path, string? body)
    {
        // As it is written: a path that tries to get out of its folder would be mended otherwise.
        var address = new Uri(_client.BaseAddress!.ToString().TrimEnd('/') + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var request = new HttpRequestMessage(method, address);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _client.SendAsync(request);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        Assert.True(response.Headers.CacheControl?.NoStore);
        return (response.StatusCode, JsonElement.Parse(await response.Content.ReadAsStringAsync()));
    }
}
