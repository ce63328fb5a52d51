using System.Diagnostics;

namespace SplitInfer.Cli.Commands.Run;

/// <summary>Where the time went until the first frame could begin.</summary>
/// <param name="ProcessMs">From the start of the process until the command began: the runtime, and reading the arguments.</param>
/// <param name="PlanMs">Loading the engine and the model, and making the plan.</param>
/// <param name="ClientMs">Creating the client: measuring heads, and loading segments where that was asked for.</param>
internal sealed record StartTimes(double ProcessMs, double PlanMs, double ClientMs)
{
    /// <summary>How long this process has been there, ms.</summary>
    public static double AgeMs(TimeProvider time)
    {
        using var process = Process.GetCurrentProcess();
        return (time.GetUtcNow() - process.StartTime.ToUniversalTime()).TotalMilliseconds;
    }
}
