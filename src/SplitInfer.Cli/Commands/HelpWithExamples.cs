using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace SplitInfer.Cli.Commands;

/// <summary>The usual help, followed by the examples of the command.</summary>
/// <param name="help">The usual help.</param>
/// <param name="start">Examples for those who have named no command.</param>
internal sealed class HelpWithExamples(SynchronousCommandLineAction help, IReadOnlyList<string> start) : SynchronousCommandLineAction
{
    /// <summary>Who asks for help need not have typed everything.</summary>
    public override bool ClearsParseErrors => true;

    /// <summary>Has every command show its examples, and the root show help where no command is named.</summary>
    public static void AddTo(RootCommand root, params IReadOnlyList<string> start)
    {
        var option = root.Options.OfType<HelpOption>().Single();
        var action = new HelpWithExamples((SynchronousCommandLineAction)option.Action!, start);
        option.Action = action;
        root.SetAction(action.Invoke);
    }

    /// <summary>The name by which a command is typed, with those of the commands that it belongs to.</summary>
    public static string NameOf(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? $"{NameOf(parent)} {command.Name}" : "splitinfer";

    public override int Invoke(ParseResult parseResult)
    {
        var (output, command) = (parseResult.InvocationConfiguration.Output, parseResult.CommandResult.Command);
        // What the command above takes is not typed where this one is.
        foreach (var argument in command.Parents.OfType<Command>().SelectMany(static parent => parent.Arguments)) argument.Hidden = true;
        var code = help.Invoke(parseResult);
        var examples = command is RootCommand ? start : command is ExplainedCommand explained ? explained.Examples : [];
        if (examples.Count == 0) return code;
        output.WriteLine("Examples:");
        foreach (var example in examples) output.WriteLine($"  {example}");
        output.WriteLine();
        if (command.Subcommands.Count > 0) output.WriteLine($"{NameOf(command)} COMMAND --help shows the options of a command, with examples.");
        return code;
    }
}
