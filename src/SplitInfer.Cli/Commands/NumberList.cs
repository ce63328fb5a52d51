using System.CommandLine.Parsing;
using System.Globalization;

namespace SplitInfer.Cli.Commands;

/// <summary>Options that take numbers above 0, separated by commas.</summary>
internal static class NumberList
{
    private const double Most = 1e6;

    /// <summary>Reads one, for <see cref="System.CommandLine.Option{T}.CustomParser"/>.</summary>
    public static double[] Parse(ArgumentResult result)
    {
        var (values, isWrong) = (new List<double>(), false);
        var name = ((OptionResult)result.Parent!).Option.Name;
        foreach (var text in result.Tokens.SelectMany(static token => token.Value.Split(',', StringSplitOptions.RemoveEmptyEntries)))
        {
            if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value is > 0 and <= Most) values.Add(value);
            else isWrong = Refuse($"{name} takes numbers above 0, separated by commas, not '{text}'.");
        }

        if (values.Count == 0 && !isWrong) Refuse($"{name} takes numbers above 0, separated by commas.");
        return [.. values.Distinct()];

        bool Refuse(string message)
        {
            result.AddError(message);
            return true;
        }
    }
}
