using System.Collections.Immutable;

namespace SplitInfer.Policies;

/// <summary>
/// What a policy chooses among: a model variant, where it is cut, the codec of the boundary, the exit that may answer early, and the
/// server that runs the rest. All are numbers that the client resolves; a policy only compares them.
/// </summary>
/// <param name="Index">Place of the arm in <see cref="PolicySetup.Arms"/>.</param>
/// <param name="Variant">The variant; 0 where the task has one model.</param>
/// <param name="Cut">The partition k of the variant.</param>
/// <param name="Codec">Place of the codec in <see cref="PolicySetup.Codecs"/>; 0 for an arm that runs on the device alone.</param>
/// <param name="Exit">
/// The exit with its threshold, by number among those of the variant; 0 for none. Where the device has it, it is on <paramref name="Cut"/>: the head runs up to
/// there, and the device answers itself where the exit is sure. Otherwise the request goes on as one of that cut, to the server or on the device.
/// </param>
/// <param name="Server">Place of the server in <see cref="PolicySetup.Servers"/>, or <see cref="OnDevice"/>.</param>
public readonly record struct Arm(int Index, int Variant, int Cut, int Codec, int Exit, int Server)
{
    /// <summary>The <see cref="Server"/> of an arm that runs everything on the device.</summary>
    public const int OnDevice = -1;

    /// <summary>Whether the arm runs everything on the device. With an exit, <see cref="Cut"/> is where the exit is, and the device goes on from there.</summary>
    public bool IsOnDevice => Server == OnDevice;
}

/// <summary>What is known of an arm before any request has taken it. The delay of its head is in <see cref="PolicySetup.Heads"/>.</summary>
public sealed record ArmDescription
{
    /// <summary>The arm.</summary>
    public required Arm Arm { get; init; }

    /// <summary>Bits that the payload is expected to have; corrected by what is really sent.</summary>
    public required double PayloadBits { get; init; }

    /// <summary>Seconds that encoding is expected to take on the device until the first bytes can leave.</summary>
    public double EncodeSeconds { get; init; }

    /// <summary>Seconds that decoding is expected to take on the server.</summary>
    public double DecodeSeconds { get; init; }

    /// <summary>
    /// Seconds that the tail is expected to take on the server while nothing slows it down, measured beforehand. 0 (the default) where nothing is
    /// known; the work stands for it then.
    /// </summary>
    public double TailSeconds { get; init; }

    /// <summary>Expected accuracy relative to the original model, 0 to 1, with all that the variant, the codec and the exit lose. 1 by default.</summary>
    public double Accuracy { get; init; } = 1;

    /// <summary>
    /// Share of requests that the exit of the arm is expected to answer on the device, 0 to 1; corrected by what it really answers, but for 0 (the
    /// default) and 1, which are certain. 1 is an exit that is <em>forced</em>: it answers whatever its confidence, so that the arm is a head and nothing
    /// else; an arm of a server cannot have it.
    /// </summary>
    public double ExitRate { get; init; }

    /// <summary>
    /// Whether the server has the exit of the arm, behind the cut, and not the device. What it saves is in the tail's numbers, in the mean, and <see cref="ExitRate"/> is 0. False by default.
    /// </summary>
    public bool IsExitOnServer { get; init; }

    /// <summary>The exit behind the cut that the server has; 0 where it has none. One that the device has leaves the server the tail as it is.</summary>
    internal int ServerExit => IsExitOnServer ? Arm.Exit : 0;

    /// <summary>The exit that the device has; 0 where it has none.</summary>
    internal int DeviceExit => IsExitOnServer ? 0 : Arm.Exit;

    /// <summary>Seconds that evaluating the exit takes on the device, beside the head. 0 by default.</summary>
    public double ExitSeconds { get; init; }

    /// <summary>Multiply-accumulates of the tail, by cost class; the same classes in every arm.</summary>
    public required ImmutableArray<double> TailMacs { get; init; }

    /// <summary>Nodes of the tail, by cost class.</summary>
    public required ImmutableArray<double> TailNodes { get; init; }
}
