using System.Text.Json;
using System.Text.Json.Serialization;

namespace VideoStream.Report;

/// <summary>Writes a report as a single self-contained page.</summary>
internal static class Page
{
    public static Task WriteAsync(string path, StreamReport report)
    {
        var page = Resource("page.html")
            .Replace("/* style */", Resource("page.css"), StringComparison.Ordinal)
            .Replace("/* script */", Resource("page.js"), StringComparison.Ordinal)
            // Less-than signs are escaped, so that no text of the report can end the script.
            .Replace("/* report */", JsonSerializer.Serialize(report, ReportContext.Default.StreamReport), StringComparison.Ordinal);
        return File.WriteAllTextAsync(path, page);
    }

    private static string Resource(string name)
    {
        using var reader = new StreamReader(typeof(Page).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}

/// <summary>Serialises reports as JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(StreamReport))]
internal sealed partial class ReportContext : JsonSerializerContext;
