using OpenTelemetry.Exporter;
using SplitInfer.Cli.Inputs;

namespace SplitInfer.Cli.Exporting;

/// <summary>The address of a collector that takes OTLP.</summary>
/// <param name="Protocol">How it takes it.</param>
/// <param name="Endpoint">Where: <c>/v1/traces</c> and <c>/v1/metrics</c> below it with HTTP, the services of OTLP with gRPC.</param>
internal sealed record OtlpAddress(OtlpExportProtocol Protocol, Uri Endpoint)
{
    /// <summary>Reads an address.</summary>
    /// <param name="text"><c>http://</c> or <c>https://</c> for HTTP with protobuf, <c>grpc://</c> or <c>grpcs://</c> for gRPC without or with TLS.</param>
    /// <exception cref="UsageException">It is none of these, or has a user or password, which belong into a variable.</exception>
    public static OtlpAddress Parse(string text)
    {
        if (FaultOf(text) is { } fault) throw new UsageException($"--otlp {fault}");
        var uri = new Uri(text);
        if (uri.Scheme is "http" or "https") return new(OtlpExportProtocol.HttpProtobuf, uri);
        var port = uri.IsDefaultPort ? 4317 : uri.Port;
        return new(OtlpExportProtocol.Grpc, new UriBuilder(uri.Scheme == "grpc" ? "http" : "https", uri.Host, port).Uri);
    }

    /// <summary>What is wrong with an address, to follow the name of what has it; null where it can be read.</summary>
    public static string? FaultOf(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Host.Length == 0 || uri.Scheme is not ("http" or "https" or "grpc" or "grpcs"))
            return $"{text} is no address of a collector; give one such as http://127.0.0.1:4318 for HTTP or grpc://127.0.0.1:4317 for gRPC.";
        return uri.UserInfo.Length > 0 ? "takes no user and no password; set OTEL_EXPORTER_OTLP_HEADERS, such as authorization=Bearer%20TOKEN." : null;
    }
}
