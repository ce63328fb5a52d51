using System.CommandLine;
using System.Text.RegularExpressions;
using SplitInfer.Cli.Inputs;

namespace SplitInfer.Cli.Commands.Serve;

/// <summary>Where the settings of a server come from.</summary>
/// <param name="typed">The options of the command line, by the names of the settings that they set.</param>
/// <param name="configured">What a file and the environment say.</param>
/// <param name="limits">What <c>--limit</c> was given.</param>
/// <param name="parsed">The command line.</param>
internal sealed partial class SettingOrigins(IReadOnlyList<(Option Option, string Setting)> typed, ConfiguredSettings configured, IReadOnlyList<string> limits, ParseResult parsed)
{
    /// <summary>The kinds of sources.</summary>
    public const string Default = "default", File = "file", CommandLine = "commandLine";

    private const string LimitOption = "--limit", LimitSection = "Limits.";

    /// <summary>Where a setting comes from.</summary>
    /// <param name="setting">Its name, with dots.</param>
    /// <returns>The kind of source, and the file, the variable or the option; null for defaults.</returns>
    public (string Source, string? Name) Of(string setting)
    {
        if (typed.FirstOrDefault(pair => pair.Setting == setting && parsed.GetResult(pair.Option) is { Implicit: false }).Option is { } option) return (CommandLine, option.Name);
        if (limits.Any(limit => setting.Equals($"{LimitSection}{limit[..limit.IndexOf('=')]}", StringComparison.OrdinalIgnoreCase))) return (CommandLine, LimitOption);
        return configured.OriginOf(setting) is { } found ? found : (Default, null);
    }

    /// <summary>What is wrong with settings, in words of where the first of them comes from that was set.</summary>
    /// <param name="message">What options say of themselves, by the names of their properties.</param>
    public UsageException Explain(string message)
    {
        var (source, name) = Word().Matches(message).Select(static word => NameOf(word.Value)).OfType<string>().Select(Of).FirstOrDefault(static origin => origin.Source != Default);
        return (source, name) switch
        {
            (null, _) => new(OptionWords.Of(message)),
            (CommandLine, LimitOption) => new($"{LimitOption}: {message.Replace(LimitSection, "", StringComparison.Ordinal)}"),
            (CommandLine, _) => new(OptionWords.Of(message)),
            _ => UsageException.OfSetting(PlaceOf(source, name!), Word().Replace(message, static word => NameOf(word.Value) ?? word.Value)),
        };
    }

    /// <summary>Where a setting comes from, to begin a sentence; empty for defaults.</summary>
    public string PlaceOf(string setting) => Of(setting) is (var source, { } name) ? PlaceOf(source, name) : "";

    private static string PlaceOf(string source, string name) => source == File ? $"--config {name}" : name;

    /// <summary>The whole name of the setting that a word of a message names by its property; null where it names none, or several.</summary>
    private static string? NameOf(string word)
    {
        if (ServerSetting.All.Any(setting => setting.Name == word)) return word;
        var named = ServerSetting.All.Where(setting => setting.Name.EndsWith($".{word}", StringComparison.Ordinal)).Take(2).ToArray();
        return named.Length == 1 ? named[0].Name : null;
    }

    [GeneratedRegex(@"(?<![\w.:/'])[A-Z]\w*(\.[A-Z]\w*)*(?![\w:/'])")]
    private static partial Regex Word();
}
