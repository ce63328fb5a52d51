using System.Reflection;
using System.Text.Json.Serialization;
using SplitInfer.Server;

namespace SplitInfer.AspNetCore.OpenInference;

/// <summary>What the server is.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Version">Its release.</param>
/// <param name="Extensions">The extensions of the protocol that it has.</param>
internal sealed record ServerDocument(string Name, string Version, string[] Extensions)
{
    // Without the hash of the commit, which is of no use to who may read this.
    /// <summary>This server.</summary>
    public static ServerDocument Description { get; } = new("splitinfer",
        typeof(SplitInferServer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "", ["model_repository", "binary_tensor_data"]);
}

/// <summary>Whether the server answers at all.</summary>
internal sealed record LiveDocument(bool Live);

/// <summary>Whether the server takes requests.</summary>
internal sealed record ReadyDocument(bool Ready);

/// <summary>Whether a model can be used.</summary>
internal sealed record ModelReadyDocument(string Name, bool Ready);

/// <summary>Which models an index is to have.</summary>
/// <param name="Ready">Only those that are ready.</param>
internal sealed record IndexRequest(bool Ready = false);

/// <summary>One version of one model in an index.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Version">Its version.</param>
/// <param name="State">READY or UNAVAILABLE.</param>
/// <param name="Reason">Why it is not ready; null where it is.</param>
internal sealed record IndexEntry(string Name, string Version, string State, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason)
{
    /// <summary>Every version of every model.</summary>
    /// <param name="server">The server.</param>
    /// <param name="isReady">Leaves out those that are not ready.</param>
    public static IndexEntry[] AllOf(SplitInferServer server, bool isReady)
    {
        var takesRequests = server.TakesRequests;
        return isReady && !takesRequests
            ? []
            : [.. server.Models.Select(model => new IndexEntry(model.Name, model.Version, takesRequests ? "READY" : "UNAVAILABLE", takesRequests ? null : "The server is starting or stopping."))];
    }
}

/// <summary>Why a request failed.</summary>
internal sealed record ErrorDocument(string Error);

/// <summary>Reads and writes the documents of the protocol without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ServerDocument))]
[JsonSerializable(typeof(LiveDocument))]
[JsonSerializable(typeof(ReadyDocument))]
[JsonSerializable(typeof(ModelDocument))]
[JsonSerializable(typeof(ModelReadyDocument))]
[JsonSerializable(typeof(IndexRequest))]
[JsonSerializable(typeof(IndexEntry[]))]
[JsonSerializable(typeof(ErrorDocument))]
internal sealed partial class OpenInferenceJson : JsonSerializerContext;
