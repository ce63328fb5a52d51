using System.Collections.Immutable;

namespace SplitInfer.Simulation;

/// <summary>
/// A described world that a policy is played against: one model, one device, one server or several. Immutable. Frames count from 0.
/// </summary>
/// <remarks>
/// <see cref="Arms"/> are what one server offers, and the device. What a policy chooses among are those of the first kind for each server in turn,
/// and the device's last; its arms are numbered in this order.
/// </remarks>
public sealed record Scenario
{
    /// <summary>What stands for the device where frames name their server.</summary>
    public const string DeviceName = "device";

    /// <summary>What people call it.</summary>
    public required string Name { get; init; }

    /// <summary>How many frames are played.</summary>
    public required int Frames { get; init; }

    /// <summary>Standard deviation of each term of a delay, relative to its mean.</summary>
    public required double Noise { get; init; }

    /// <summary>The arms; those that run everything on the device come last, at least one.</summary>
    public required ImmutableArray<ScenarioArm> Arms { get; init; }

    /// <summary>How many of the arms run everything on the device: one for each variant that it has, and one for each exit on the way. One by default.</summary>
    public int Locals { get; init; } = 1;

    /// <summary>The least accuracy that every frame asks for, 0 to 1. 0 by default.</summary>
    public double MinAccuracy { get; init; }

    /// <summary>The deadline of every frame, ms from its beginning: it is chosen by what is most accurate then. Null (the default) without one, and by least time.</summary>
    public double? DeadlineMs { get; init; }

    /// <summary>
    /// How far what a policy is told of arms beforehand is from what they truly cost: standard deviation of its logarithm. Negative (the default) tells
    /// it heads and payloads as they are, and nothing of tails.
    /// </summary>
    public double TableError { get; init; } = -1;

    /// <summary>The servers, at least one.</summary>
    public required ImmutableArray<ScenarioServer> Servers { get; init; }

    /// <summary>Whether the scenario lists its servers by name, rather than describing the only one.</summary>
    public bool NamesServers { get; init; }

    /// <summary>How many times longer heads take, over time.</summary>
    public required Timeline<double> DeviceSlowdown { get; init; }

    /// <summary>The frames that are key frames.</summary>
    public required ImmutableHashSet<int> KeyFrames { get; init; }

    /// <summary>Whether the policy may measure round trips.</summary>
    public required bool Probes { get; init; }

    /// <summary>Whether the device runs the tail itself once a reply is later than the decision says. False by default.</summary>
    public bool LateRaces { get; init; }

    /// <summary>The number of arms that a policy chooses among.</summary>
    public int Choices => Remotes + Locals;

    /// <summary>The frames, but for the first, at which something changes, rising. Links that change by the clock are left out.</summary>
    public ImmutableArray<int> Changes =>
    [
        .. Servers.SelectMany(static s => s.ChangeFrames)
            .Concat(DeviceSlowdown.Steps.Select(static s => s.From))
            .Where(from => from > 0 && from < Frames && IsChange(from)).Distinct().Order(),
    ];

    private int Tails => Arms.Length - Locals;

    private int Remotes => Servers.Length * Tails;

    /// <summary>The server of one of the arms that a policy chooses among; −1 for the device.</summary>
    public int ServerOf(int choice) => choice >= Remotes ? -1 : choice / Tails;

    /// <summary>The name of a frame's server, or <see cref="DeviceName"/>.</summary>
    public string ServerNameOf(in SimulatedFrame frame) => frame.Server < 0 ? DeviceName : Servers[frame.Server].Name;

    /// <summary>Mean delay of an arm at a frame while its server is up, s; with an exit, over all inputs.</summary>
    /// <param name="choice">The arm, of <see cref="Choices"/>.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="clock">When the frame begins, s; it matters only for links that change by the clock.</param>
    public double MeanSeconds(int choice, int frame, double clock = 0)
    {
        var arm = ArmOf(choice);
        var slowdown = DeviceSlowdown.At(frame);
        var stay = 1 - (arm.Exit?.Rate ?? 0);
        var head = (arm.HeadMs + (arm.Exit?.Ms ?? 0)) * slowdown;
        if (choice >= Remotes) return (head + (stay * WholeRestMs(arm) * slowdown)) / 1e3;
        var encode = arm.EncodeMs * slowdown;
        var server = Servers[ServerOf(choice)];
        var (rttMs, transferMs) = server.LinkMs(arm.PayloadBits, frame, (clock * 1e3) + head + encode);
        return (head + (stay * (encode + rttMs + transferMs + ((arm.TailMs + arm.DecodeMs) * server.Slowdown.At(frame))))) / 1e3;
    }

    /// <summary>The smallest mean delay at a frame of all arms that are accurate enough and whose server is up, s.</summary>
    public double OracleSeconds(int frame, double clock = 0)
    {
        var lowest = double.PositiveInfinity;
        for (var choice = 0; choice < Choices; choice++)
            if (IsAccurate(choice) && ServerOf(choice) is var server && (server < 0 || Servers[server].Availability.At(frame))) lowest = Math.Min(lowest, MeanSeconds(choice, frame, clock));
        return lowest;
    }

    /// <summary>What one of the arms that a policy chooses among truly costs.</summary>
    internal ScenarioArm ArmOf(int choice) => choice >= Remotes ? Arms[Tails + choice - Remotes] : Arms[choice % Tails];

    /// <summary>Whether one of the arms that a policy chooses among is as accurate as frames ask for.</summary>
    internal bool IsAccurate(int choice) => ArmOf(choice).Accuracy >= MinAccuracy - 1e-9;

    /// <summary>The place of the arm that runs a variant on the device without an exit; of the main variant where the device does not have it.</summary>
    internal int LocalOf(int variant)
    {
        for (var choice = Remotes; choice < Choices; choice++)
            if (ArmOf(choice) is { Exit: null } arm && arm.Variant == variant) return choice;
        return Choices - 1;
    }

    /// <summary>What the device has left to do behind the exit of an arm that runs everything there, ms while nothing slows it down.</summary>
    internal double WholeRestMs(ScenarioArm arm) => arm.Exit is null or { Rate: >= 1 } ? 0 : Math.Max(0, ArmOf(LocalOf(arm.Variant)).HeadMs - arm.HeadMs);

    private bool IsChange(int frame) =>
        Servers.Any(server => server.IsChange(frame)) || !DeviceSlowdown.At(frame).Equals(DeviceSlowdown.At(frame - 1));
}

/// <summary>A partition of a scenario with what it truly costs while nothing slows down.</summary>
public sealed record ScenarioArm
{
    /// <summary>The variant; 0 by default.</summary>
    public int Variant { get; init; }

    /// <summary>The partition k of the variant.</summary>
    public required int Partition { get; init; }

    /// <summary>The codec; 0 by default.</summary>
    public int Codec { get; init; }

    /// <summary>The exit on its partition, on the device; null (the default) for none.</summary>
    public ScenarioExit? Exit { get; init; }

    /// <summary>Its accuracy relative to the original model, 0 to 1. 1 by default.</summary>
    public double Accuracy { get; init; } = 1;

    /// <summary>Delay of encoding on the device, ms. 0 by default.</summary>
    public double EncodeMs { get; init; }

    /// <summary>Delay of decoding on the server, ms. 0 by default.</summary>
    public double DecodeMs { get; init; }

    /// <summary>Delay of the head, ms.</summary>
    public required double HeadMs { get; init; }

    /// <summary>Bits that are sent.</summary>
    public required double PayloadBits { get; init; }

    /// <summary>Multiply-accumulates of the tail, by cost class.</summary>
    public required ImmutableArray<double> Macs { get; init; }

    /// <summary>Nodes of the tail, by cost class.</summary>
    public required ImmutableArray<double> Nodes { get; init; }

    /// <summary>Delay of the tail, ms.</summary>
    public required double TailMs { get; init; }
}

/// <summary>An exit of a variant, which answers the easier inputs on the device.</summary>
/// <param name="Id">Its number among the exits of the variant, from 1 on.</param>
/// <param name="Rate">Share of inputs that it answers; 1 where it answers whatever its confidence.</param>
/// <param name="Ms">Delay of evaluating it on the device, ms.</param>
public sealed record ScenarioExit(int Id, double Rate, double Ms = 0)
{
    /// <summary>Whether it answers an input. What one exit answers, another one of a higher rate answers too.</summary>
    /// <param name="difficulty">The share of inputs that are easier than this one, 0 to 1.</param>
    internal bool Answers(double difficulty) => difficulty < Rate;
}
