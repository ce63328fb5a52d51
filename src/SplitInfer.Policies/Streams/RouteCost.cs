namespace SplitInfer.Policies.Streams;

/// <summary>For how long a frame of a route occupies each stage, s, and how long it is on its way besides.</summary>
/// <param name="Arm">Place of the arm.</param>
/// <param name="Server">The server; <see cref="Policies.Arm.OnDevice"/> where there is none.</param>
/// <param name="Device">Head and encoding, or the whole model.</param>
/// <param name="Link">The payload.</param>
/// <param name="Tail">Decoding and tail, on one of the server's places.</param>
/// <param name="RoundTrip">The way there and back, which occupies nothing.</param>
/// <param name="Wait">What others on the server make it wait; occupies nothing.</param>
internal readonly record struct RouteCost(int Arm, int Server, double Device, double Link, double Tail, double RoundTrip, double Wait)
{
    /// <summary>Whether the device runs the whole model.</summary>
    public bool IsOnDevice => Server == Policies.Arm.OnDevice;

    /// <summary>For how long a frame blocks a stage.</summary>
    public double Longest => Math.Max(Device, Math.Max(Link, Tail));

    /// <summary>What a frame takes that waits behind no other of the stream.</summary>
    public double Latency => Device + Link + Tail + RoundTrip + Wait;
}
