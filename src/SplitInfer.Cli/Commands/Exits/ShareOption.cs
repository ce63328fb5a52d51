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

    private static Share Parse(ArgumentResult result, string name)
    {
        var text = result.Tokens[^1].Value;
        var isPercent = text.EndsWith('%');
        if (double.TryParse(text.AsSpan(0, text.Length - (isPercent ? 1 : 0)), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && (isPercent ? number / 100 : number) is > 0 and < 1 and var share) return new(share);
        result.AddError($"{name} takes a share between 0 and 1, such as 0.1% or 0.001, not '{text}'.");
        return default;
    }
}

/// <summary>A share, shown in percent.</summary>
internal readonly record struct Share(double Value)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Value * 100:0.####}%");
}
