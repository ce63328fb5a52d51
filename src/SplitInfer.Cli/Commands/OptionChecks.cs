using System.CommandLine;
using System.Globalization;

namespace SplitInfer.Cli.Commands;

/// <summary>Bounds on options that take a number. What is no number at all is refused by the parser.</summary>
internal static class OptionChecks
{
    /// <summary>Refuses numbers for which <paramref name="holds"/> does not hold.</summary>
    public static void Require<T>(this Option option, Func<T, bool> holds, string message) where T : IParsable<T> => option.Validators.Add(result =>
    {
        foreach (var token in result.Tokens)
            if (T.TryParse(token.Value, CultureInfo.InvariantCulture, out var number) && !holds(number)) result.AddError($"{option.Name} {message}");
    });
}
