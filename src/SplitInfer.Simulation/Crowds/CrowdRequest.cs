using SplitInfer.Policies;

namespace SplitInfer.Simulation.Crowds;

/// <summary>A request under way. Times in seconds.</summary>
internal sealed class CrowdRequest(Decision decision, double start, (double Head, double Encode) run, double whole)
{
    /// <summary>What was chosen.</summary>
    public Decision Decision => decision;

    /// <summary>When it began.</summary>
    public double Start => start;

    /// <summary>What the head takes.</summary>
    public double Head => run.Head;

    /// <summary>What encoding takes.</summary>
    public double Encode => run.Encode;

    /// <summary>What the whole model takes on the device.</summary>
    public double Whole => whole;

    /// <summary>When the boundary leaves.</summary>
    public double Sent => start + run.Head + run.Encode;

    /// <summary>What the whole model takes on the device where it also sends.</summary>
    public double DeviceSeconds => decision.IsRaced ? RaceModel.Overhead * whole : run.Head + (RaceModel.Overhead * Math.Max(0, whole - run.Head));

    /// <summary>How long after the start a late race began; 0 for one from the start.</summary>
    public double RaceSince { get; set; }

    /// <summary>Whether the caller has a result.</summary>
    public bool IsResolved { get; private set; }

    /// <summary>Whether the server's reply has come.</summary>
    public bool HasReplied { get; set; }

    /// <summary>Whether the reply is no longer waited for.</summary>
    public bool IsGivenUp { get; set; }

    /// <summary>When the boundary was sent to a second server.</summary>
    public double ShadowSent { get; set; }

    /// <summary>Whether that has replied.</summary>
    public bool HasShadowReplied { get; set; }

    /// <summary>Whether its reply is no longer waited for.</summary>
    public bool IsShadowGivenUp { get; set; }

    /// <summary>Raised when the caller has a result.</summary>
    public event Action? Resolved;

    /// <summary>The caller has a result.</summary>
    public void Resolve()
    {
        IsResolved = true;
        Resolved?.Invoke();
    }
}
