namespace SplitInfer.Testing.Attacks;

/// <summary>The attacks, by name.</summary>
internal static class AttackCatalog
{
    /// <summary>All of them.</summary>
    public static IReadOnlyDictionary<string, Attack> All { get; } = new Dictionary<string, Attack>([.. ConnectionAttacks.All, .. RequestAttacks.All]);

    /// <summary>Those on a server without keys and TLS, or those on one with both.</summary>
    public static IEnumerable<string> Names(bool isSecure) => All.Where(attack => attack.Value.IsSecure == isSecure).Select(static attack => attack.Key);
}
