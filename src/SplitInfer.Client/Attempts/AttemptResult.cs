using SplitInfer.Client.Device;
using SplitInfer.Client.Transport;
using SplitInfer.Policies;

namespace SplitInfer.Client.Attempts;

/// <summary>How an executor ended an attempt with outputs. Whoever holds it disposes <see cref="Outputs"/>.</summary>
/// <param name="Outputs">The tail's outputs; none where the head made all of them.</param>
/// <param name="Server">What became of the server's part.</param>
internal readonly record struct AttemptResult(TailOutputs Outputs, ServerOutcome Server)
{
    /// <summary>From the first bytes that could leave to the decoded reply, s; where no reply came, how long it was waited for.</summary>
    public double OffloadSeconds { get; init; }

    /// <summary>What the server reports of its time.</summary>
    public TailTimings ServerTimings { get; init; }

    /// <summary>How busy the server was when it replied.</summary>
    public ServerLoad ServerLoad { get; init; }

    /// <summary>Why the device finished what was meant for the server; null where the server answered, was overtaken or not asked.</summary>
    public Exception? ServerFailure { get; init; }

    /// <summary>What the device took, s, where it had finished as well but the server's result was taken; 0 elsewhere.</summary>
    public double OvertakenSeconds { get; init; }

    /// <summary>Whether the outputs were ready only when the deadline had passed (<see cref="RequestBudget.IsOver"/>).</summary>
    public bool IsTooLate { get; init; }

    /// <summary>Whether device and server both ran the tail.</summary>
    public bool IsRaced { get; init; }

    /// <summary>The exit that answered, from 1 on; 0 for the model's own outputs.</summary>
    public int Exit { get; init; }

    /// <summary>How sure that exit is of its answer, 0 to 1; 0 without exits.</summary>
    public double Confidence { get; init; }

    /// <summary>Whether that exit was not sure enough to answer, so that the answer is of use only where nothing better comes by the deadline.</summary>
    public bool IsProvisional { get; init; }

    /// <summary>Whether the device came to its outputs by way of exits, which takes longer than the tail does.</summary>
    public bool IsByWayOfExits { get; init; }

    /// <summary>Whether the outputs are the server's.</summary>
    public bool IsFromServer => Server == ServerOutcome.Replied;
}
