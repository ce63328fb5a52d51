using System.Collections.Immutable;

namespace SplitInfer.Simulation.Experience;

/// <summary>A kind of device in a world of simulated users. Immutable.</summary>
/// <param name="Name">For people.</param>
/// <param name="Cores">Its cores.</param>
/// <param name="ClockGHz">Their clock, GHz.</param>
/// <param name="MemoryGiB">Its memory, GiB.</param>
/// <param name="Slowness">How many times longer than the reference it takes for a model.</param>
/// <param name="Watts">What it draws while a model runs.</param>
/// <param name="IsOnMains">Whether it has no battery to save.</param>
/// <param name="MobileShare">How often it is on a network of the phone kind.</param>
internal sealed record DeviceClass(string Name, int Cores, double ClockGHz, double MemoryGiB, double Slowness, double Watts, bool IsOnMains, double MobileShare)
{
    /// <summary>All of them.</summary>
    public static ImmutableArray<DeviceClass> All { get; } =
    [
        new("workstation", 16, 3.8, 32, 0.25, 90, true, 0),
        new("desktop", 8, 3.2, 16, 0.5, 60, true, 0),
        new("old desktop", 4, 2.4, 8, 1.1, 50, true, 0),
        new("laptop", 8, 2.8, 16, 0.7, 25, false, 0.1),
        new("small laptop", 4, 1.8, 8, 1.4, 12, false, 0.15),
        new("tablet", 8, 2.2, 6, 1.2, 6, false, 0.2),
        new("old tablet", 4, 1.5, 2, 3.2, 5, false, 0.15),
        new("fast phone", 8, 2.9, 12, 0.9, 6, false, 0.6),
        new("phone", 8, 2.1, 6, 1.8, 4, false, 0.6),
        new("cheap phone", 8, 1.6, 3, 3.5, 3, false, 0.7),
        new("old phone", 4, 1.3, 2, 6.5, 3, false, 0.7),
        new("single board", 4, 1.5, 4, 4.5, 5, true, 0.1),
    ];
}

/// <summary>A variant in a world of simulated users. Immutable.</summary>
/// <param name="Name">For people.</param>
/// <param name="Accuracy">Its accuracy, 0 to 1.</param>
/// <param name="ReferenceMs">What the reference device takes for its part, ms.</param>
/// <param name="MegaBytes">Its file, MB.</param>
/// <param name="UploadKiB">What a request sends to a server, KiB; 0 where the device does all of it.</param>
internal sealed record ServedVariant(string Name, double Accuracy, double ReferenceMs, double MegaBytes, double UploadKiB)
{
    /// <summary>What a server takes, ms.</summary>
    public const double ServerMs = 30;

    /// <summary>All of them. With a server: one that is cut, and one that is all there.</summary>
    public static ImmutableArray<ServedVariant> All { get; } =
    [
        new("nano", 0.58, 6, 0.5, 0),
        new("small", 0.68, 18, 4, 0),
        new("medium", 0.76, 50, 14, 0),
        new("large", 0.81, 140, 45, 0),
        new("huge", 0.85, 400, 120, 0),
        new("cut", 0.81, 25, 8, 60),
        new("served", 0.87, 1, 0.1, 300),
    ];
}
