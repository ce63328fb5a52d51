using System.Collections.Immutable;
using System.Text.Json;

namespace SplitInfer.Simulation.Families;

/// <summary>Reads families from JSON. Properties that it does not know are left alone.</summary>
public static class FamilyReader
{
    private const int MaxRequests = 10_000_000;
    private const int MaxItems = 1000;
    private const int MaxTrace = 1_000_000;

    /// <summary>The family in a file; null where there is no such file or it describes something else.</summary>
    /// <exception cref="ScenarioException">The file describes a family, but not as expected.</exception>
    public static FamilyScenario? FindFile(string path)
    {
        try
        {
            return File.Exists(path) && File.ReadAllBytes(path) is var bytes && IsFamily(bytes) ? Read(bytes) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ScenarioException($"The scenario '{path}' cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Whether a text describes a family rather than one model: it has "variants".</summary>
    public static bool IsFamily(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8, Lenient);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("variants", out _);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <exception cref="ScenarioException">The text is not a family.</exception>
    public static FamilyScenario Read(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8, Lenient);
            return Read(new ScenarioNode("scenario", document.RootElement));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ScenarioException($"The scenario is not JSON: {e.Message}", e);
        }
    }

    private static JsonDocumentOptions Lenient => new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    private static FamilyScenario Read(ScenarioNode root)
    {
        ImmutableArray<FamilyVariant> variants = [.. root.Get("variants").Items(MaxItems).Select(ReadVariant)];
        if (!variants.Any(static v => v.Device is not null)) throw root.Get("variants").Wrong("variants of which at least one has \"deviceMs\", so that there is an answer without a server");
        if (!variants.Any(static v => v.Server is not null)) throw root.Get("variants").Wrong("variants of which at least one has \"serverMs\"");
        ImmutableArray<Network> networks = [.. root.Get("networks").Items(MaxItems).Select(ReadNetwork)];
        if (networks.Length == 0) throw root.Get("networks").Wrong("at least one network");
        return new()
        {
            Name = root.Find("name")?.Text() ?? "unnamed",
            Requests = root.Get("frames").Whole(1, MaxRequests),
            ChoosesOnServer = root.Find("chooses")?.Text() switch
            {
                null or "device" => false,
                "server" => true,
                _ => throw root.Get("chooses").Wrong("\"device\" or \"server\""),
            },
            Probes = root.Find("probes")?.Flag() ?? false,
            MinAccuracy = root.Find("minAccuracy")?.Number(0, 1) ?? 0,
            Variants = variants,
            Networks = networks,
            DeadlinesMs = ReadDeadlines(root.Get("deadlineMs")),
        };
    }

    private static FamilyVariant ReadVariant(ScenarioNode variant) => new()
    {
        Name = variant.Get("name").Text(),
        Accuracy = variant.Get("accuracy").Number(0, 1),
        Server = ReadRunTime(variant, "serverMs", "serverSdMs"),
        Device = ReadRunTime(variant, "deviceMs", "deviceSdMs"),
    };

    private static RunTime? ReadRunTime(ScenarioNode variant, string mean, string deviation)
    {
        if (variant.Find(mean) is { } node) return new(node.Number(1e-6), variant.Find(deviation)?.Number(0) ?? 0);
        return variant.Find(deviation) is { } stray ? throw stray.Wrong($"left out where there is no \"{mean}\"") : null;
    }

    private static Network ReadNetwork(ScenarioNode network)
    {
        var way = ReadLaw(network.Get("out"));
        return new() { Name = network.Get("name").Text(), Out = way, Back = network.Find("back") is not { } back ? way : back.IsText("same") ? null : ReadLaw(back) };
    }

    private static DelayLaw ReadLaw(ScenarioNode law)
    {
        if (law.Find("traceMs") is { } trace)
        {
            ImmutableArray<double> delays = [.. trace.Items(MaxTrace).Select(static delay => delay.Number(1e-6))];
            return delays.Length > 0 ? new() { Kind = DelayLawKind.Trace, TraceMs = delays } : throw trace.Wrong("at least one delay");
        }

        return new()
        {
            Kind = law.Find("law")?.Text() switch
            {
                null or "normal" => DelayLawKind.Normal,
                "lognormal" => DelayLawKind.LogNormal,
                "gamma" => DelayLawKind.Gamma,
                _ => throw law.Get("law").Wrong("\"normal\", \"lognormal\" or \"gamma\"; measured delays are \"traceMs\""),
            },
            MeanMs = law.Get("meanMs").Number(1e-6),
            SdMs = law.Find("sdMs")?.Number(0) ?? 0,
        };
    }

    private static ImmutableArray<double> ReadDeadlines(ScenarioNode node)
    {
        ImmutableArray<double> deadlines = [.. node.Items(MaxItems).Select(static deadline => deadline.Number(1e-3))];
        return deadlines.Length > 0 ? deadlines : throw node.Wrong("at least one deadline");
    }
}
