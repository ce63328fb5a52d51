using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace SplitInfer.Cli.Commands.Exits;

/// <summary>Options that take a share: <c>0.1%</c> or <c>0.001</c>.</summary>
internal static class ShareOption
{
    /// <summary>An option that takes a share between 0 and 1.</summary>
    public static Option<Share> Of(string name, string description, double standard) => new(name)
    {
        Description = description,
        HelpName = "X%",
        CustomParser = result => Parse(result, name),
        DefaultValueFactory = _ => new(standard),
    };

    /// <summary>An option that takes a share from 0 to 1, both of which it may be, and that need not be given.</summary>
    public static Option<Share?> Inclusive(string name, string description) => new(name) { Description = description, HelpName = "X%", CustomParser = result => ParseInclusive(result, name) };

    private static Share Parse(ArgumentResult result, string name)
    {
        var text = result.Tokens[^1].Value;
        if (NumberOf(text) is > 0 and < 1 and var share) return new(share);
        result.AddError($"{name} takes a share between 0 and 1, such as 0.1% or 0.001, not '{text}'.");
        return default;
    }

    private static Share? ParseInclusive(ArgumentResult result, string name)
    {
        var text = result.Tokens[^1].Value;
        if (NumberOf(text) is >= 0 and <= 1 and var share) return new(share);
        result.AddError($"{name} takes a share from 0 to 1, such as 95% or 0.95, not '{text}'.");
        return null;
    }

    private static double? NumberOf(string text)
    {
        var isPercent = text.EndsWith('%');
        return double.TryParse(text.AsSpan(0, text.Length - (isPercent ? 1 : 0)), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? isPercent ? number / 100 : number : null;
    }
}

/// <summary>A share, shown in percent.</summary>
internal readonly record struct Share(double Value)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Value * 100:0.####}%");
}
