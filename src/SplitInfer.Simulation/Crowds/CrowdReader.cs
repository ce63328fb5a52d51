using System.Collections.Immutable;
using System.Text.Json;

namespace SplitInfer.Simulation.Crowds;

/// <summary>Reads crowds from JSON. Properties that it does not know are left alone.</summary>
public static class CrowdReader
{
    internal const int MaxClients = 64;

    private const int MaxServers = 16, MaxPlaces = 1_000;

    private const double MaxSeconds = 86_400, MaxFramesPerSecond = 1_000;

    private static JsonDocumentOptions Lenient => new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <summary>The crowd in a file; null where there is no such file or it describes something else.</summary>
    /// <param name="path">The file.</param>
    /// <param name="seed">Seed of the noise.</param>
    /// <exception cref="ScenarioException">The file describes a crowd, but not as expected.</exception>
    public static CrowdWorld? FindFile(string path, int seed)
    {
        try
        {
            return File.Exists(path) && File.ReadAllBytes(path) is var bytes && IsCrowd(bytes) ? Read(bytes, seed) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ScenarioException($"The scenario '{path}' cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Whether a text describes a crowd: it has "clients".</summary>
    public static bool IsCrowd(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8, Lenient);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("clients", out _);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Reads a crowd.</summary>
    /// <param name="utf8">The text.</param>
    /// <param name="seed">Seed of the noise.</param>
    /// <exception cref="ScenarioException">The text is not a crowd.</exception>
    public static CrowdWorld Read(ReadOnlyMemory<byte> utf8, int seed)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8, Lenient);
            return Read(new ScenarioNode("scenario", document.RootElement), seed);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ScenarioException($"The scenario is not JSON: {e.Message}", e);
        }
    }

    private static CrowdWorld Read(ScenarioNode root, int seed)
    {
        var (arms, locals) = ScenarioReader.ReadArms(root);
        if (locals != 1 || arms.Length < 2) throw root.Get("arms").Wrong("arms of one model, of which the last alone runs everything on the device");
        ImmutableArray<CrowdServer> servers = [.. root.Get("servers").Items(MaxServers).Select(ReadServer)];
        if (servers.Length == 0) throw root.Get("servers").Wrong("at least one server");
        if (servers.DistinctBy(static server => server.Name).Count() != servers.Length) throw root.Get("servers").Wrong("servers of different names");
        ImmutableArray<CrowdClient> clients = [.. root.Get("clients").Items(MaxClients).SelectMany(client => ReadClients(client, servers.Length))];
        if (clients.Length is 0 or > MaxClients) throw root.Get("clients").Wrong($"1 to {MaxClients} clients, each counted");
        var seconds = root.Get("seconds").Number(1, MaxSeconds);
        var from = root.Find("fromSeconds")?.Number(0, seconds) ?? 0;
        var to = root.Find("toSeconds")?.Number(0, seconds) ?? seconds;
        if (to <= from) throw root.Get("toSeconds").Wrong("after \"fromSeconds\"");
        if (!clients.Any(client => client.JoinsAt < to && client.LeavesAt > from)) throw root.Get("clients").Wrong("clients of which one is there between \"fromSeconds\" and \"toSeconds\"");
        return new()
        {
            Name = root.Find("name")?.Text() ?? "unnamed",
            Seed = seed,
            Seconds = seconds,
            FromSeconds = from,
            ToSeconds = to,
            Noise = root.Find("noise")?.Number(0, 1) ?? 0.05,
            Arms = arms,
            Servers = servers,
            Clients = clients,
        };
    }

    private static CrowdServer ReadServer(ScenarioNode server) => new()
    {
        Name = server.Get("name").Text(),
        Places = server.Find("places")?.Whole(1, MaxPlaces) ?? 1,
        Slowdown = server.Find("slowdown")?.Number(1e-6, 1e6) ?? 1,
    };

    private static IEnumerable<CrowdClient> ReadClients(ScenarioNode client, int servers)
    {
        var links = client.Get("links").Items(MaxServers);
        if (links.Length != servers) throw client.Get("links").Wrong($"{servers} links, one for each server");
        var one = new CrowdClient
        {
            Kind = client.Find("kind")?.Text() ?? "",
            FramesPerSecond = client.Get("fps").Number(1e-3, MaxFramesPerSecond),
            Slowdown = client.Find("slowdown")?.Number(1e-6, 1e6) ?? 1,
            Links = [.. links.Select(static link => new LinkState(link.Get("mbps").Number(1e-9), link.Find("rttMs")?.Number(0) ?? 0))],
            JoinsAt = client.Find("joinSeconds")?.Number(0, MaxSeconds) ?? 0,
            LeavesAt = client.Find("leaveSeconds")?.Number(0, MaxSeconds) ?? double.PositiveInfinity,
        };
        return Enumerable.Repeat(one, client.Find("count")?.Whole(1, MaxClients) ?? 1);
    }
}
