using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using SplitInfer.Cli.Tests.Exporting.Otlp;

namespace SplitInfer.Cli.Tests.Exporting;

/// <summary>A collector that takes OTLP over HTTP and over gRPC, each at a port of its own, and keeps what it is sent.</summary>
internal sealed class Collector : IAsyncDisposable
{
    private const int GrpcHeader = 5;

    private readonly WebApplication _app;

    private Collector(WebApplication app) => _app = app;

    /// <summary>Where it takes HTTP with protobuf.</summary>
    public string Http => _app.Urls.First();

    /// <summary>Where it takes gRPC.</summary>
    public string Grpc => _app.Urls.Last().Replace("http://", "grpc://", StringComparison.Ordinal);

    public ConcurrentQueue<ResourceSpans> Spans { get; } = new();

    public ConcurrentQueue<ResourceMetrics> Metrics { get; } = new();

    public ConcurrentQueue<ResourceLogs> Logs { get; } = new();

    /// <summary>The header <c>authorization</c> of each request.</summary>
    public ConcurrentQueue<string> Authorizations { get; } = new();

    public static async Task<Collector> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, static at => at.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, 0, static at => at.Protocols = HttpProtocols.Http2);
        });
        var app = builder.Build();
        var collector = new Collector(app);
        app.MapPost("/v1/traces", request => collector.TakeAsync(request, collector.TakeTraces));
        app.MapPost("/v1/metrics", request => collector.TakeAsync(request, collector.TakeMetrics));
        app.MapPost("/v1/logs", request => collector.TakeAsync(request, collector.TakeLogs));
        app.MapPost("/opentelemetry.proto.collector.trace.v1.TraceService/Export", request => collector.CallAsync(request, collector.TakeTraces));
        app.MapPost("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", request => collector.CallAsync(request, collector.TakeMetrics));
        app.MapPost("/opentelemetry.proto.collector.logs.v1.LogsService/Export", request => collector.CallAsync(request, collector.TakeLogs));
        await app.StartAsync();
        return collector;
    }

    /// <summary>The string attribute of a resource or a span.</summary>
    public static string? TextOf(IEnumerable<KeyValue> attributes, string name) => attributes.FirstOrDefault(attribute => attribute.Key == name)?.Value.StringValue;

    /// <summary>All spans of a service.</summary>
    public Span[] SpansOf(string service) => [.. Spans.Where(sent => TextOf(sent.Resource.Attributes, "service.name") == service).SelectMany(static sent => sent.ScopeSpans).SelectMany(static scope => scope.Spans)];

    /// <summary>All metrics of a service, in the order in which they came.</summary>
    public Metric[] MetricsOf(string service) => [.. Metrics.Where(sent => TextOf(sent.Resource.Attributes, "service.name") == service).SelectMany(static sent => sent.ScopeMetrics).SelectMany(static scope => scope.Metrics)];

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private void TakeTraces(byte[] message) => TraceRequest.Parser.ParseFrom(message).ResourceSpans.ToList().ForEach(Spans.Enqueue);

    private void TakeMetrics(byte[] message) => MetricsRequest.Parser.ParseFrom(message).ResourceMetrics.ToList().ForEach(Metrics.Enqueue);

    private void TakeLogs(byte[] message) => LogsRequest.Parser.ParseFrom(message).ResourceLogs.ToList().ForEach(Logs.Enqueue);

    private async Task TakeAsync(HttpContext context, Action<byte[]> take)
    {
        take(await ReadAsync(context));
        context.Response.ContentType = "application/x-protobuf";
    }

    private async Task CallAsync(HttpContext context, Action<byte[]> take)
    {
        var body = await ReadAsync(context);
        Assert.Equal(0, body[0]);
        Assert.Equal(body.Length - GrpcHeader, BinaryPrimitives.ReadInt32BigEndian(body.AsSpan(1)));
        take(body[GrpcHeader..]);
        context.Response.ContentType = "application/grpc";
        // An empty message.
        await context.Response.Body.WriteAsync(new byte[GrpcHeader]);
        context.Features.GetRequiredFeature<IHttpResponseTrailersFeature>().Trailers["grpc-status"] = "0";
    }

    private async Task<byte[]> ReadAsync(HttpContext context)
    {
        Authorizations.Enqueue(context.Request.Headers.Authorization.ToString());
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        return body.ToArray();
    }
}
