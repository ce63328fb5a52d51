using System.Collections.Immutable;
using System.Text.Json;

namespace SplitInfer.Simulation;

/// <summary>Reads scenarios from JSON. Properties that it does not know are left alone.</summary>
public static class ScenarioReader
{
    private const int MaxFrames = 10_000_000;
    private const int MaxArms = 10_000;
    private const int MaxServers = 64;
    private const int MaxTime = int.MaxValue;

    /// <exception cref="ScenarioException">The text is not a scenario.</exception>
    public static Scenario Read(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8, new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
            return Read(new ScenarioNode("scenario", document.RootElement));
        }
        // The second comes of text that is not Unicode, which is seen only when it is asked for.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ScenarioException($"The scenario is not JSON: {e.Message}", e);
        }
    }

    /// <exception cref="ScenarioException">The file cannot be read or is not a scenario.</exception>
    public static Scenario ReadFile(string path)
    {
        try
        {
            return Read(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ScenarioException($"The scenario '{path}' cannot be read: {e.Message}", e);
        }
    }

    private static Scenario Read(ScenarioNode root)
    {
        var (read, locals) = ReadArms(root);
        var minAccuracy = root.Find("minAccuracy")?.Number(0, 1) ?? 0;
        if (minAccuracy > read.Max(static arm => arm.Accuracy)) throw root.Get("minAccuracy").Wrong("no more than the most accurate arm has");
        return new()
        {
            Name = root.Find("name")?.Text() ?? "unnamed",
            Frames = root.Get("frames").Whole(1, MaxFrames),
            Noise = root.Find("noise")?.Number(0) ?? 0.05,
            Arms = read,
            Locals = locals,
            MinAccuracy = minAccuracy,
            TableError = root.Find("tableError")?.Number(0, 1) ?? -1,
            Servers = ReadServers(root),
            NamesServers = root.Find("servers") is not null,
            DeviceSlowdown = ReadFactors(root.Find("deviceSlowdown")),
            KeyFrames = [.. root.Find("keyFrames")?.Items(MaxFrames).Select(static frame => frame.Whole(0, MaxFrames)) ?? []],
            Probes = root.Find("probes")?.Flag() ?? false,
            LateRaces = root.Find("lateRaces")?.Flag() ?? false,
        };
    }

    /// <summary>The arms, and how many of them run everything on the device.</summary>
    internal static (ImmutableArray<ScenarioArm> Arms, int Locals) ReadArms(ScenarioNode root)
    {
        var arms = root.Get("arms").Items(MaxArms);
        if (arms.Length == 0) throw root.Get("arms").Wrong("at least one arm, of which the last runs everything on the device");
        var locals = arms.Reverse().Skip(1).TakeWhile(static arm => arm.Find("onDevice")?.Flag() ?? false).Count() + 1;
        foreach (var arm in arms.SkipLast(locals))
            if (arm.Find("onDevice")?.Flag() ?? false) throw arm.Wrong("after all arms that use a server, since it runs everything on the device");
        var classes = root.Find("features")?.Items(100).Length ?? arms[0].Find("macs")?.Items(100).Length ?? 0;
        ImmutableArray<ScenarioArm> read = [.. arms.Select((arm, index) => ReadArm(arm, classes, isLast: index >= arms.Length - locals))];
        var seen = new HashSet<(int, int, int, int, bool)>();
        for (var i = 0; i < read.Length; i++)
            if (!seen.Add((read[i].Variant, read[i].Partition, read[i].Codec, read[i].Exit?.Id ?? 0, i >= arms.Length - locals))) throw arms[i].Wrong("of another variant, partition, codec or exit than those before it");
        CheckExits(arms, read, locals);
        return (read, locals);
    }

    private static ImmutableArray<ScenarioServer> ReadServers(ScenarioNode root)
    {
        if (root.Find("servers") is not { } servers) return [ReadServer(root, "")];
        foreach (var name in (string[])["link", "serverSlowdown"])
            if (root.Find(name) is { } stray) throw stray.Wrong("left out where there are \"servers\", each of which has its own");
        var items = servers.Items(MaxServers);
        if (items.Length == 0) throw servers.Wrong("at least one server");
        ImmutableArray<ScenarioServer> read = [.. items.Select(static server => ReadServer(server, server.Get("name").Text()))];
        if (read.Any(static server => server.Name is "" or Scenario.DeviceName)) throw servers.Wrong($"servers with names other than '{Scenario.DeviceName}', which stands for the device");
        return read.DistinctBy(static server => server.Name).Count() == read.Length ? read : throw servers.Wrong("servers of different names");
    }

    private static ScenarioServer ReadServer(ScenarioNode server, string name)
    {
        var link = server.Get("link");
        var isByClock = link.Items(MaxFrames) is [var first, ..] && first.Find("fromMs") is not null;
        return new()
        {
            Name = name,
            Link = ReadTimeline(link, static step => new LinkState(step.Get("mbps").Number(1e-9), step.Find("rttMs")?.Number(0) ?? 0), isByClock ? "fromMs" : "from"),
            IsLinkByClock = isByClock,
            Slowdown = ReadFactors(server.Find("serverSlowdown")),
            Availability = server.Find("availability") is { } availability ? ReadTimeline(availability, static step => step.Get("up").Flag()) : new([(0, true)]),
            FailureMs = server.Find("failureMs")?.Number(0) ?? 100,
        };
    }

    private static void CheckExits(ImmutableArray<ScenarioNode> arms, ImmutableArray<ScenarioArm> read, int locals)
    {
        if (read[^1].Exit is not null) throw arms[^1].Get("exit").Wrong("left out in the last arm, which runs the main variant to its end");
        for (var i = 0; i < read.Length; i++)
        {
            if (read[i].Exit is not { } exit) continue;
            var isLocal = i >= arms.Length - locals;
            if (!isLocal && exit.Rate >= 1) throw arms[i].Get("exit").Wrong("one with a rate below 1 where the arm uses a server, which would never be asked");
            if (isLocal && exit.Rate < 1 && !read.Skip(i).Any(arm => arm.Exit is null && arm.Variant == read[i].Variant)) throw arms[i].Wrong("before an arm that runs its variant on the device without an exit");
        }
    }

    private static ScenarioExit ReadExit(ScenarioNode exit) => new(exit.Get("id").Whole(1, 1_000), exit.Get("rate").Number(0, 1), exit.Find("ms")?.Number(0) ?? 0);

    private static ScenarioArm ReadArm(ScenarioNode arm, int classes, bool isLast) => new()
    {
        Variant = arm.Find("variant")?.Whole(0, 1_000) ?? 0,
        Codec = arm.Find("codec")?.Whole(0, 1_000) ?? 0,
        Exit = arm.Find("exit") is { } exit ? ReadExit(exit) : null,
        Accuracy = arm.Find("accuracy")?.Number(0, 1) ?? 1,
        EncodeMs = arm.Find("encodeMs")?.Number(0) ?? 0,
        DecodeMs = arm.Find("decodeMs")?.Number(0) ?? 0,
        Partition = arm.Get("partition").Whole(0, 1_000_000),
        HeadMs = arm.Get("headMs").Number(0),
        PayloadBits = (isLast ? arm.Find("payloadBits") : arm.Get("payloadBits"))?.Number(0) ?? 0,
        TailMs = (isLast ? arm.Find("tailMs") : arm.Get("tailMs"))?.Number(0) ?? 0,
        Macs = ReadByClass(arm.Find("macs"), classes),
        Nodes = ReadByClass(arm.Find("nodes"), classes),
    };

    private static ImmutableArray<double> ReadByClass(ScenarioNode? node, int classes)
    {
        if (node is null) return [.. new double[classes]];
        var items = node.Value.Items(100);
        return items.Length == classes ? [.. items.Select(static i => i.Number(0))] : throw node.Value.Wrong($"{classes} numbers, one for each of the features");
    }

    private static Timeline<double> ReadFactors(ScenarioNode? node) =>
        node is null || node.Value.Items(MaxFrames).Length == 0 ? new([(0, 1)]) : ReadTimeline(node.Value, static step => step.Get("factor").Number(1e-9));

    private static Timeline<T> ReadTimeline<T>(ScenarioNode node, Func<ScenarioNode, T> value, string from = "from")
    {
        var steps = node.Items(MaxFrames).Select(step => (From: ReadFrom(step, from), Value: value(step))).ToImmutableArray();
        if (steps.Length == 0) throw node.Wrong("at least one entry");
        for (var i = 1; i < steps.Length; i++)
            if (steps[i].From <= steps[i - 1].From) throw node.Wrong($"entries by rising \"{from}\"");
        return new(steps);
    }

    // Time is told by frames or by the clock, never by both in one list.
    private static int ReadFrom(ScenarioNode step, string from)
    {
        var other = from == "from" ? "fromMs" : "from";
        if (step.Find(other) is { } stray) throw stray.Wrong($"left out where other entries have \"{from}\", or cannot have it");
        return step.Find(from)?.Whole(0, from == "from" ? MaxFrames : MaxTime) ?? 0;
    }
}

/// <summary>A scenario cannot be read or makes no sense. The message says where and what is expected there.</summary>
public sealed class ScenarioException(string message, Exception? inner = null) : Exception(message, inner);
