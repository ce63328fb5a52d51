namespace SplitInfer.Policies.Experience;

/// <summary>
/// What is known of a device and of its state when a session begins. What is null is unknown and counts as typical: it then takes no part in the
/// choice. It has no identity: two devices of equal features are the same to the model.
/// </summary>
public readonly record struct DeviceFeatures
{
    /// <summary>How many features <see cref="Write"/> gives.</summary>
    internal const int Count = 6;

    /// <summary>Cores that the model may use; 4 is typical.</summary>
    public double? Cores { get; init; }

    /// <summary>Clock of a core in GHz; 2 is typical.</summary>
    public double? ClockGHz { get; init; }

    /// <summary>Memory in bytes; 4 GiB is typical.</summary>
    public double? MemoryBytes { get; init; }

    /// <summary>Charge of the battery, 0 to 1; 1 for a device on the mains. Half is typical.</summary>
    public double? Battery { get; init; }

    /// <summary>The network. Unknown by default.</summary>
    public NetworkClass Network { get; init; }

    /// <summary>Sessions of a usual day; 10 are typical.</summary>
    public double? SessionsPerDay { get; init; }

    /// <summary>The features as fractions from −1 to 1; 0 is typical or unknown, as is what is not finite.</summary>
    internal void Write(Span<double> x)
    {
        x[0] = LogFraction(Cores, typical: 4, decades: 0.9);
        x[1] = LogFraction(ClockGHz, typical: 2, decades: 0.5);
        x[2] = LogFraction(MemoryBytes, typical: 4.0 * (1L << 30), decades: 0.9);
        x[3] = Battery is { } battery && double.IsFinite(battery) ? Math.Clamp((2 * battery) - 1, -1, 1) : 0;
        x[4] = Network switch { NetworkClass.Offline => -1, NetworkClass.Slow => -0.5, NetworkClass.Moderate => 0.25, NetworkClass.Fast => 1, _ => 0 };
        x[5] = LogFraction(SessionsPerDay, typical: 10, decades: 1);
    }

    // −1 and 1 are so many decades below and above what is typical.
    private static double LogFraction(double? value, double typical, double decades) =>
        value is { } known && known > 0 && double.IsFinite(known) ? Math.Clamp(Math.Log10(known / typical) / decades, -1, 1) : 0;
}

/// <summary>How good a network is.</summary>
public enum NetworkClass
{
    /// <summary>Not known.</summary>
    Unknown,

    /// <summary>There is none.</summary>
    Offline,

    /// <summary>Less than 2 Mbit/s up, or round trips over 150 ms.</summary>
    Slow,

    /// <summary>In between.</summary>
    Moderate,

    /// <summary>More than 20 Mbit/s up with round trips below 40 ms.</summary>
    Fast,
}
