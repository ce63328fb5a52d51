namespace SplitInfer.Policies;

/// <summary>What policies, clients and simulators assume about a race between device and server.</summary>
public static class RaceModel
{
    /// <summary>How much longer the device takes in a race, in which it also sends.</summary>
    public const double Overhead = 1.02;

    /// <summary>How much longer a request takes, with the one that follows it, whose boundary is sent to a second server as well (<see cref="Decision.Shadow"/>).</summary>
    public const double ShadowOverhead = 1.02;

    /// <summary>How long the reply of a second server is waited for once the request has its result, in delays of that request.</summary>
    public const double ShadowPatience = 2;

    /// <summary>How long after the call a reply that missed its deadline is waited for, in deadlines, for what it teaches.</summary>
    public const double PatienceInDeadlines = 2;

    /// <summary>Replies that lost a race, and as many of shadows, that are waited for at a time.</summary>
    public const int MaxLateReplies = 2;

    /// <summary>How long such a reply is waited for at least, s.</summary>
    public const double LeastPatienceSeconds = 0.1;

    /// <summary>How long the reply of a server that lost is waited for, from the start of the race, in delays of the device.</summary>
    public const double PatienceInDeviceDelays = 3;
}
