namespace SplitInfer.Cli.Commands.Top;

/// <summary>By what clients are sorted: the largest first, what is not known last, names from A on.</summary>
internal static class TopOrder
{
    public const string Default = "requests";

    private static readonly Dictionary<string, Func<ClientRate, double?>> Numbers = new(StringComparer.Ordinal)
    {
        [Default] = static one => one.RequestsPerSecond,
        ["link"] = static one => one.Client.LinkBytesPerSecond,
        ["rtt"] = static one => one.Client.RoundTripSeconds,
        ["delay"] = static one => one.Client.Stages?.TotalSeconds,
        ["device"] = static one => one.DeviceShare,
    };

    private static readonly Dictionary<string, Func<ClientRate, string>> Texts = new(StringComparer.Ordinal)
    {
        ["client"] = static one => one.Client.Key ?? one.Client.Address ?? "",
        ["model"] = static one => one.Client.Model ?? "",
    };

    /// <summary>What there is to sort by.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Numbers.Keys, .. Texts.Keys];

    /// <summary>The clients in order; equal ones as they came.</summary>
    public static IEnumerable<ClientRate> By(string name, IEnumerable<ClientRate> clients) => Numbers.TryGetValue(name, out var number)
        ? clients.OrderByDescending(one => number(one) ?? double.NegativeInfinity).ThenBy(static one => one.Client.Number)
        : clients.OrderBy(Texts[name], StringComparer.Ordinal).ThenBy(static one => one.Client.Number);
}
