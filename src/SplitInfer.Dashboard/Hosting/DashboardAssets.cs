using System.IO.Compression;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Net.Http.Headers;

namespace SplitInfer.Dashboard.Hosting;

/// <summary>The files of the page, which lie in the assembly. Thread-safe.</summary>
internal sealed class DashboardAssets
{
    /// <summary>The path below that of the page.</summary>
    public const string Folder = "_assets";

    private const string Prefix = "assets/";

    private static readonly FileExtensionContentTypeProvider Types = new();

    private readonly Dictionary<string, Lazy<Asset>> _assets = typeof(DashboardAssets).Assembly.GetManifestResourceNames()
        .Where(static name => name.StartsWith(Prefix, StringComparison.Ordinal))
        .ToDictionary(static name => name[Prefix.Length..], static name => new Lazy<Asset>(() => Asset.Read(name)), StringComparer.Ordinal);

    /// <summary>A number that changes with the files, so that browsers may keep them.</summary>
    public static string Version { get; } = typeof(DashboardAssets).Assembly.ManifestModule.ModuleVersionId.ToString("N")[..12];

    /// <summary>Sends one file.</summary>
    public async Task SendAsync(HttpContext context)
    {
        if (context.Request.RouteValues["path"] is not string path || !_assets.TryGetValue(path, out var found))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var (asset, response) = (found.Value, context.Response);
        response.ContentType = Types.TryGetContentType(path, out var type) ? type : "application/octet-stream";
        // Fonts are asked for without a version, by style sheets that are not ours.
        response.Headers.CacheControl = context.Request.Query.ContainsKey("v") ? "public, max-age=31536000, immutable" : "public, max-age=3600";
        response.Headers.Vary = HeaderNames.AcceptEncoding;
        var takesGzip = asset.Compressed.Length < asset.Plain.Length && context.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase);
        if (takesGzip) response.Headers.ContentEncoding = "gzip";
        var content = takesGzip ? asset.Compressed : asset.Plain;
        response.ContentLength = content.Length;
        if (!HttpMethods.IsHead(context.Request.Method)) await response.Body.WriteAsync(content, context.RequestAborted).ConfigureAwait(false);
    }

    private sealed record Asset(byte[] Plain, byte[] Compressed)
    {
        public static Asset Read(string name)
        {
            using var stream = typeof(DashboardAssets).Assembly.GetManifestResourceStream(name)!;
            var plain = new byte[stream.Length];
            stream.ReadExactly(plain);
            using var compressed = new MemoryStream();
            using (var gzip = new GZipStream(compressed, CompressionLevel.Optimal)) gzip.Write(plain);
            return new(plain, compressed.ToArray());
        }
    }
}
