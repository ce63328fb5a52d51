using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using SplitInfer.Cli.Inputs;

namespace SplitInfer.Cli.Commands;

/// <summary>Says what is wrong with a command line, in words of those who typed it.</summary>
internal static class UsageErrors
{
    // Ends the options: what follows are arguments, whatever they begin with.
    private const string EndOfOptions = "--";

    /// <summary>A sentence for each mistake; none where there is none. What follows from another mistake is left out.</summary>
    public static IReadOnlyList<string> Of(ParseResult parsed)
    {
        // Whoever asks for help need not have typed everything.
        if (parsed.Action is HelpWithExamples) return [];
        var command = parsed.CommandResult.Command;
        return command.Subcommands.Count > 0 ? OfGroup(parsed, command) : OfCommand(parsed, command);
    }

    private static string[] OfGroup(ParseResult parsed, Command group)
    {
        string[] commands = [.. group.Subcommands.Where(static c => !c.Hidden).Select(static c => c.Name)];
        if (parsed.UnmatchedTokens is [var first, ..])
            return [IsOption(first) ? NoOption(first, group) : $"There is no command '{HelpWithExamples.NameOf(group)} {first}'.{Spelling.Suggestion(first, commands)} The commands are: {string.Join(", ", commands)}."];
        return [.. parsed.Errors.Select(error => error.SymbolResult is CommandResult ? $"{HelpWithExamples.NameOf(group)} needs a command: {string.Join(", ", commands)}." : Of(error, group)).Distinct()];
    }

    private static string[] OfCommand(ParseResult parsed, Command command)
    {
        // An argument takes an option that there is not for its own.
        var taken = parsed.Tokens.Any(static token => token.Value == EndOfOptions)
            ? []
            : parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(static argument => argument.Tokens).Select(static token => token.Value).Where(IsOption);
        string[] unknown = [.. parsed.UnmatchedTokens.Where(IsOption).Union(taken)];
        string[] sentences =
        [
            .. unknown.Select(token => NoOption(token, command)),
            // Behind an option that there is not stands its value.
            .. unknown.Length > 0 ? [] : parsed.UnmatchedTokens.Select(token => $"'{token}' is one too many.{Spelling.Suggestion($"--{token}", OptionsOf(command))}"),
            .. parsed.Errors.Where(error => error.SymbolResult is not CommandResult || !parsed.UnmatchedTokens.Any(token => error.Message.Contains(token, StringComparison.Ordinal))).Select(error => Of(error, command)),
        ];
        return [.. sentences.Distinct()];
    }

    private static string NoOption(string token, Command command)
    {
        var name = token.Split('=')[0];
        return $"{HelpWithExamples.NameOf(command)} has no option '{name}'.{Spelling.Suggestion(name, OptionsOf(command))}";
    }

    private static string Of(ParseError error, Command command) => error.SymbolResult switch
    {
        OptionResult { IdentifierToken: not null, Tokens: [] } option => $"{option.Option.Name} needs a value: {option.Option.Name} {option.Option.HelpName}.",
        OptionResult { Tokens: [.., var last] } option when Expected(option.Option.ValueType, last.Value) is { } expected => $"{option.Option.Name} takes {expected}, not '{last.Value}'.",
        ArgumentResult { Argument: var argument, Tokens: [], Parent: CommandResult } => $"{HelpWithExamples.NameOf(command)} needs {argument.Name}: {argument.Description}",
        ArgumentResult { Parent: OptionResult { IdentifierToken: not null, Tokens: [] } option } => $"{option.Option.Name} needs a value: {option.Option.Name} {option.Option.HelpName}.",
        ArgumentResult { Parent: OptionResult option, Tokens: [.., var last] } when Expected(option.Option.ValueType, last.Value) is { } expected => $"{option.Option.Name} takes {expected}, not '{last.Value}'.",
        _ => error.Message,
    };

    /// <summary>What an option of the type takes, where that is not what was typed; otherwise null.</summary>
    private static string? Expected(Type type, string typed)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(int) || type == typeof(long))
            return long.TryParse(typed, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) && (type == typeof(long) || whole is >= int.MinValue and <= int.MaxValue) ? null : "a whole number";
        if (type == typeof(double)) return double.TryParse(typed, CultureInfo.InvariantCulture, out _) ? null : "a number";
        if (type.IsEnum) return Enum.TryParse(type, typed, ignoreCase: true, out _) ? null : $"one of {string.Join(", ", Enum.GetNames(type))}";
        return type == typeof(bool) && !bool.TryParse(typed, out _) ? "true or false" : null;
    }

    private static bool IsOption(string token) => token.StartsWith("--", StringComparison.Ordinal) && token.Length > EndOfOptions.Length;

    private static IEnumerable<string> OptionsOf(Command command) =>
        command.Options.Concat(command.Parents.OfType<Command>().SelectMany(Inherited)).Where(static option => !option.Hidden).Select(static option => option.Name);

    private static IEnumerable<Option> Inherited(Command command) =>
        command.Options.Where(static option => option.Recursive).Concat(command.Parents.OfType<Command>().SelectMany(Inherited));
}
