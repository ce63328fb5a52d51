namespace SplitInfer.Simulation.Crowds;

/// <summary>What a contender made of a world. Delays are of what is judged: frames that begin from <see cref="CrowdWorld.FromSeconds"/> to <see cref="CrowdWorld.ToSeconds"/>.</summary>
public sealed record CrowdResult
{
    /// <summary>Who chose.</summary>
    public required CrowdContender Contender { get; init; }

    /// <summary>Mean delay, ms: of the mean delays of all clients, each by its frames a second.</summary>
    public required double MeanMs { get; init; }

    /// <summary>The largest mean delay of a client over the mean of all clients'.</summary>
    public required double WorstShare { get; init; }

    /// <summary>How often a client turned to another arm than before, in a minute, in the mean; samples taken to learn do not count.</summary>
    public required double SwitchesPerMinute { get; init; }

    /// <summary>Mean delay of the first 100 frames of clients that came after what is judged, ms; NaN where none came.</summary>
    public required double NewcomerMs { get; init; }

    /// <summary>The part of the frames that ran on the device alone.</summary>
    public required double DeviceShare { get; init; }

    /// <summary>The part of the frames for which the device ran beside a server.</summary>
    public required double RacedShare { get; init; }

    /// <summary>The part of the servers' places that was used.</summary>
    public required double Utilization { get; init; }

    /// <summary>Frames that were judged.</summary>
    public required int Frames { get; init; }
}
