namespace SplitInfer.Client.Tests.Attempts;

/// <summary>Where the model is cut. It has three stages in a row.</summary>
internal enum Cut
{
    AllOnServer = 0,
    Split = 1,
    AllOnDevice = 3,
}

/// <summary>What the device runs.</summary>
internal enum Segment
{
    Head,
    Tail,
    Whole,

    /// <summary>From the first cut to the second, on each of which an exit can stand.</summary>
    Middle,
}

/// <summary>What goes wrong.</summary>
internal enum Fault
{
    None,

    // Refusals, by their codes on the wire.
    ServerFailed,
    Busy,
    BusyFor3Seconds,
    DeadlineExceeded,
    InvalidPartition,
    PartitionUnavailable,

    // Of the connection.
    ConnectionLost,
    ProtocolBroken,

    // The transport ends a request that nobody has withdrawn.
    CancelledByTransport,

    // A time limit on the client's side has passed.
    TimedOut,

    // What was called is closed.
    Closed,

    DeviceFailed,
    Other,
}

/// <summary>How a call ended.</summary>
internal enum CallEnd
{
    Answered,
    Cancelled,
    Failed,
}

/// <summary>Where a result was computed.</summary>
internal enum Source
{
    Split,
    Device,
    Server,
}

/// <summary>What a policy decided for one request.</summary>
/// <param name="Cut">Where the model is cut.</param>
/// <param name="IsRaced">Whether both sides run the tail from the start.</param>
/// <param name="LateAfterSeconds">After which the device runs it as well; 0 waits for ever.</param>
/// <param name="IsNamed">Whether the caller rather than the policy took the cut.</param>
/// <param name="To">The server that a policy takes.</param>
/// <param name="Shadow">The server that is sent the boundary as well; null for none.</param>
/// <param name="StandsIn">Whether the other variant runs on the device where the server is not in time.</param>
/// <param name="HedgeAfterSeconds">When that begins, from the call on; null where nothing of the kind is planned.</param>
/// <param name="Exit">The setting of the exit on the cut; 0 where none is to answer.</param>
/// <param name="IsOnDevice">With an exit: whether the device runs what is behind it.</param>
/// <param name="MinQuality">The least share of answers that are to be the model's own; null where the request does not say.</param>
/// <param name="LocalExit">The setting of the exit by which the device may answer where the server is not in time; 0 where it has none.</param>
internal readonly record struct Choice(Cut Cut, bool IsRaced = false, double LateAfterSeconds = 0, bool IsNamed = false, int To = 0, int? Shadow = null, bool StandsIn = false, double? HedgeAfterSeconds = null, int Exit = 0, bool IsOnDevice = false, double? MinQuality = null, int LocalExit = 0)
{
    /// <summary>The exit on the cut answers where it is sure, else the server.</summary>
    public static Choice Exiting => new(Cut.Split, Exit: 1);

    /// <summary>The exit on the cut answers where it is sure, else the device.</summary>
    public static Choice ExitingOnDevice => new(Cut.Split, Exit: 1, IsOnDevice: true);

    public static Choice Hedged(TimeSpan after) => new(Cut.Split, StandsIn: true, HedgeAfterSeconds: after.TotalSeconds);

    public static Choice Plain => new(Cut.Split);

    public static Choice Raced => new(Cut.Split, IsRaced: true);

    public static Choice OnDevice => new(Cut.AllOnDevice);

    public static Choice Named => new(Cut.Split, IsNamed: true);

    public static Choice Late(TimeSpan after) => new(Cut.Split, LateAfterSeconds: after.TotalSeconds);
}

/// <summary>What the server does with a request or a ping.</summary>
/// <param name="After">When it does it; null for never.</param>
/// <param name="Fault">How it fails; an answer where it does not.</param>
/// <param name="StopsIn">How long it takes to end once it is withdrawn.</param>
/// <param name="IsUnstoppable">Whether it then ends as it would have, as a reply does that crosses the withdrawal.</param>
internal readonly record struct ServerAct(TimeSpan? After, Fault Fault = Fault.None, TimeSpan StopsIn = default, bool IsUnstoppable = false)
{
    public static ServerAct Never => new(null);
}

/// <summary>What the device does with a segment.</summary>
/// <param name="Takes">How long it runs.</param>
/// <param name="Fails">Whether it fails at the end of that.</param>
/// <param name="StopsIn">How long it takes to end once it is cancelled.</param>
/// <param name="IsUnstoppable">Whether it then ends as it would have, as a run does that is at its last node.</param>
internal readonly record struct DeviceAct(TimeSpan Takes, bool Fails = false, TimeSpan StopsIn = default, bool IsUnstoppable = false);

/// <summary>Something went wrong, as a script says.</summary>
internal sealed class ScriptedFault(Fault fault) : Exception(fault.ToString())
{
    public Fault Fault => fault;
}

/// <summary>What the caller got.</summary>
internal sealed record Answer(Source Source, float[] Outputs, bool IsRaced, Fault ServerFault, Exception? ServerFailure, long BytesSent, string? Server)
{
    /// <summary>The exit that answered; 0 for the model.</summary>
    public int Exit { get; init; }

    /// <summary>How sure it is.</summary>
    public double Confidence { get; init; }
}

/// <summary>What the policy was told of a request. Seconds and bytes; 0 where a part was not measured.</summary>
/// <param name="Request">The request's number, from 0.</param>
/// <param name="IsLate">Whether it tells what the server cost after the caller had the device's result.</param>
/// <param name="Offload">From the first bytes that could leave to the reply, or for how long it was waited for.</param>
/// <param name="Server">What the server says it spent.</param>
/// <param name="Bytes">Payload bytes that were sent.</param>
/// <param name="IsCensored">Whether no reply came.</param>
/// <param name="Device">What the whole model took on the device beside the server or after it.</param>
internal readonly record struct Observed(int Request, bool IsLate, double Head, double Encode, double Offload, double Server, long Bytes, bool IsCensored, double Device);
