using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using SplitInfer.AspNetCore;
using SplitInfer.AspNetCore.OpenInference;
using SplitInfer.Partitioning;
using SplitInfer.Server;

namespace SplitInfer.IntegrationTests.OpenInference;

/// <summary>A server with an address of HTTP, and a client of the Open Inference Protocol that knows nothing of the server.</summary>
internal sealed class InferenceServer : IAsyncDisposable
{
    private readonly HttpClient _client;

    private InferenceServer(SplitInferServer server) => (Server, _client) = (server, new() { BaseAddress = server.HttpEndpoint });

    /// <summary>The server.</summary>
    public SplitInferServer Server { get; }

    /// <summary>The address of HTTP.</summary>
    public Uri Address => _client.BaseAddress!;

    /// <summary>Starts a server of one model, <c>m</c>.</summary>
    public static async Task<InferenceServer> StartAsync(byte[] model, Action<SplitInferServerOptions>? configure = null)
    {
        var options = new SplitInferServerOptions { Models = { new("m", "1", PartitionedModel.Load(model)) }, Listen = { new("tcp://127.0.0.1:0") }, Http = new("http://127.0.0.1:0") };
        configure?.Invoke(options);
        return new(await SplitInferServer.StartAsync(options.UseKestrel()));
    }

    /// <summary>Sends a request of JSON for outputs.</summary>
    public Task<Answer> InferAsync(string json, string path = "/v2/models/m/infer", Action<HttpRequestMessage>? change = null) =>
        SendAsync(HttpMethod.Post, path, new StringContent(json, Encoding.UTF8, "application/json"), change);

    /// <summary>Sends a request of JSON with binary data behind it.</summary>
    public Task<Answer> InferAsync(string json, byte[] data, Action<HttpRequestMessage>? change = null)
    {
        var header = Encoding.UTF8.GetBytes(json);
        var content = new ByteArrayContent([.. header, .. data]);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        return SendAsync(HttpMethod.Post, "/v2/models/m/infer", content, request =>
        {
            request.Headers.Add(InferResponseWriter.HeaderLength, header.Length.ToString(CultureInfo.InvariantCulture));
            change?.Invoke(request);
        });
    }

    /// <summary>Sends any request.</summary>
    public async Task<Answer> SendAsync(HttpMethod method, string path, HttpContent? content = null, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        change?.Invoke(request);
        using var response = await _client.SendAsync(request);
        var body = await response.Content.ReadAsByteArrayAsync();
        var length = response.Headers.TryGetValues(InferResponseWriter.HeaderLength, out var values) ? int.Parse(values.Single(), CultureInfo.InvariantCulture) : body.Length;
        return new(response.StatusCode, length == 0 ? default : JsonElement.Parse(body.AsSpan(0, length)), body[length..], response.Headers);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await Server.DisposeAsync();
    }

    /// <summary>What a server has answered.</summary>
    public sealed record Answer(HttpStatusCode Status, JsonElement Json, byte[] Data, HttpResponseHeaders Headers)
    {
        /// <summary>Why there are no outputs.</summary>
        public string Error => Assert.Single(Json.EnumerateObject(), static property => property.Name == "error").Value.GetString()!;

        /// <summary>The outputs by name.</summary>
        public Dictionary<string, JsonElement> Outputs => Json.GetProperty("outputs").EnumerateArray().ToDictionary(static output => output.GetProperty("name").GetString()!);
    }
}
