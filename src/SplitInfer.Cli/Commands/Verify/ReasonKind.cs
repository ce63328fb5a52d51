using System.Text.RegularExpressions;

namespace SplitInfer.Cli.Commands.Verify;

/// <summary>Reduces a reason to its kind, so that models can be counted by it: without the names and numbers of the case at hand.</summary>
internal static partial class ReasonKind
{
    private const int MaxLength = 240;

    /// <summary>The kind of a reason.</summary>
    /// <param name="reason">The reason, in words.</param>
    /// <param name="model">The file that it may name.</param>
    public static string Of(string reason, string model)
    {
        var kind = reason.Replace($"{model}: ", "", StringComparison.Ordinal).Replace(model, "…", StringComparison.Ordinal);
        kind = Number().Replace(Shape().Replace(Quoted().Replace(kind, "'…'"), "{…}"), "N");
        kind = Space().Replace(kind, " ").Trim();
        return kind.Length <= MaxLength ? kind : $"{kind[..MaxLength]}…";
    }

    [GeneratedRegex("""'[^']*'|"[^"]*"|\([^()\s]*_[^()\s]*\)""")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\{[^{}]*\}")]
    private static partial Regex Shape();

    // The digits of float16 belong to its name.
    [GeneratedRegex(@"(?<![A-Za-z0-9_])-?\d+([.,]\d+)*")]
    private static partial Regex Number();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
