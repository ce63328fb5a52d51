namespace SplitInfer.Client.Policies;

/// <summary>What a user rules out, whatever it would save. Running everything on the device is ruled out only by <see cref="MaxDeviceBytes"/>.</summary>
public sealed class PolicyConstraints
{
    /// <summary>The earliest partition that may be taken; 1 keeps the raw input on the device. 0 by default.</summary>
    public int MinPartition { get; init; }

    /// <summary>The most payload bytes that a request may send. No limit by default.</summary>
    public long MaxUploadBytes { get; init; } = long.MaxValue;

    /// <summary>The most bytes that a head may need on the device. No limit by default.</summary>
    public long MaxDeviceBytes { get; init; } = long.MaxValue;

    /// <summary>Names of the codecs that may be used; null for all. All by default.</summary>
    public IReadOnlySet<string>? Codecs { get; init; }

    /// <summary>Whether the constraints leave an arm to choose from.</summary>
    internal bool Allow(ArmProfile profile, bool isAllOnDevice) =>
        profile.DeviceBytes <= MaxDeviceBytes
        && (isAllOnDevice
            || (profile.Arm.Partition.Index >= MinPartition
                && profile.PayloadBits <= MaxUploadBytes * 8.0
                && Codecs?.Contains(profile.Arm.Codec) is not false));
}
