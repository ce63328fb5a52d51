using System.Buffers;

namespace SplitInfer.Fleet.Names;

/// <summary>Names of regions, of sets of models and of kinds of devices, which become keys of grains and of Redis.</summary>
internal static class FleetName
{
    /// <summary>What such a name consists of, to follow "takes" or "can be".</summary>
    public const string Rule = "1 to 64 letters, digits, dots, hyphens and underscores";

    private const int MaxLength = 64;

    private static readonly SearchValues<char> Allowed = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_");

    /// <summary>Whether a name is one.</summary>
    public static bool IsOne(string? name) => name is { Length: > 0 and <= MaxLength } && !name.AsSpan().ContainsAnyExcept(Allowed);
}
