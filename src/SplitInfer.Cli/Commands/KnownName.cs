using System.CommandLine.Parsing;
using SplitInfer.Cli.Inputs;

namespace SplitInfer.Cli.Commands;

/// <summary>Names of policies and codecs on the command line, where upper and lower case are the same.</summary>
/// <param name="kind">What is named: <c>policy</c>.</param>
/// <param name="kinds">Several of them: <c>policies</c>.</param>
/// <param name="known">The names that there are, as they are spelled.</param>
/// <param name="spell">Spells other names; null for those that are none.</param>
/// <param name="others">What other names there are, to follow the known ones.</param>
internal sealed class KnownName(string kind, string kinds, IReadOnlyList<string> known, Func<string, string?>? spell = null, string others = "")
{
    /// <summary>The names that were typed, as they are spelled. One that is unknown is an error of the command line.</summary>
    public string[] All(ArgumentResult result)
    {
        var names = new List<string>();
        foreach (var token in result.Tokens)
        {
            if (known.FirstOrDefault(name => name.Equals(token.Value, StringComparison.OrdinalIgnoreCase)) is { } name) names.Add(name);
            else if (spell?.Invoke(token.Value) is { } other) names.Add(other);
            else result.AddError($"There is no {kind} '{token.Value}'.{Spelling.Suggestion(token.Value, known)} The {kinds} are: {string.Join(", ", known)}{others}.");
        }

        return [.. names];
    }

    /// <summary>The only name that was typed.</summary>
    public string? Single(ArgumentResult result) => All(result).LastOrDefault();
}
