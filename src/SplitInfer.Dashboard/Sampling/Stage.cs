using SplitInfer.Server.Monitoring;

namespace SplitInfer.Dashboard.Sampling;

/// <summary>The stages that the delay of a request is split into, in the order in which they take place.</summary>
internal enum Stage
{
    Head,
    Encode,
    Send,
    Decode,
    Queue,
    Tail,
    Reply,
    DeviceTail,
}

/// <summary>What the stages are called and where they take place.</summary>
internal static class Stages
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<(Stage Stage, string Title, string Explanation)> All { get; } =
    [
        (Stage.Head, "Head on device", "Choosing the arm and running the head on the device"),
        (Stage.Encode, "Encode", "Encoding the boundary until its first bytes could leave"),
        (Stage.Send, "Send", "From the first bytes that could leave to the last; of clients without reports, until the last had come"),
        (Stage.Decode, "Codec at server", "Decoding the boundary and encoding the outputs at the server"),
        (Stage.Queue, "Queue", "Waiting for the tail to be loaded and for a place to run"),
        (Stage.Tail, "Tail at server", "Running the tail at the server"),
        (Stage.Reply, "Way there and back", "What is left up to the result: the network"),
        (Stage.DeviceTail, "Tail on device", "Running the tail on the device, where it won"),
    ];

    /// <summary>Stages that the server knows of by itself.</summary>
    public static void AddServed(Span<double> seconds, in RequestActivity request)
    {
        seconds[(int)Stage.Decode] += (request.Decode + request.Encode).TotalSeconds;
        seconds[(int)Stage.Queue] += request.Queue.TotalSeconds;
        seconds[(int)Stage.Tail] += request.Run.TotalSeconds;
    }

    /// <summary>Stages that only clients know of.</summary>
    public static void AddReported(Span<double> seconds, in ReportedRequest request)
    {
        seconds[(int)Stage.Head] += (request.Decide + request.Head).TotalSeconds;
        seconds[(int)Stage.Encode] += request.Encode.TotalSeconds;
        seconds[(int)Stage.Send] += request.Send.TotalSeconds;
        seconds[(int)Stage.Reply] += request.Reply.TotalSeconds;
        seconds[(int)Stage.DeviceTail] += request.Tail.TotalSeconds;
    }

    /// <summary>Whether only clients know of a stage.</summary>
    public static bool IsReported(Stage stage) => stage is Stage.Head or Stage.Encode or Stage.Send or Stage.Reply or Stage.DeviceTail;
}
