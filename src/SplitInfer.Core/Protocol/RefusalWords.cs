namespace SplitInfer.Protocol;

/// <summary>Refusals as words for metrics, such as <c>unknown_model</c>.</summary>
internal static class RefusalWords
{
    private static readonly Dictionary<RefusalCode, string> Words = Enum.GetValues<RefusalCode>().ToDictionary(static code => code, static code => SnakeCase(code.ToString()));

    /// <summary>The word; <c>refused</c> for a code of a newer protocol, of which there could be any number.</summary>
    public static string Word(this RefusalCode code) => Words.GetValueOrDefault(code, "refused");

    private static string SnakeCase(string name) =>
        string.Concat(name.Select(static (letter, at) => at > 0 && char.IsUpper(letter) ? $"_{char.ToLowerInvariant(letter)}" : $"{char.ToLowerInvariant(letter)}"));
}
