using System.CommandLine;
using SplitInfer.Cli.Commands;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Policies;
using SplitInfer.Simulation;

namespace SplitInfer.Cli;

/// <summary>Parses and runs a command line, and turns every expected failure into a sentence on standard error and an exit code.</summary>
internal static class ProgramRun
{
    private const int Failed = 1;
    private const int WrongUsage = 2;

    // What a server has in flight when it is told to stop may end.
    private static readonly TimeSpan TimeToStop = TimeSpan.FromSeconds(10);

    public static async Task<int> RunAsync(RootCommand root, string[] args, Terminal terminal, CancellationToken cancellationToken)
    {
        HelpWithExamples.AddTo(root);
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0) return Refuse(parsed, terminal);
        try
        {
            var configuration = new InvocationConfiguration { Output = terminal.Output, Error = terminal.Error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeToStop };
            return await parsed.InvokeAsync(configuration, cancellationToken);
        }
        catch (UsageException error)
        {
            terminal.Complain(error.Message);
            return WrongUsage;
        }
        catch (Exception error) when (error is SplitInferException or PolicyOptionException or ScenarioException or TimeoutException or IOException or UnauthorizedAccessException)
        {
            terminal.Complain(error.Message);
            return Failed;
        }
        catch (OperationCanceledException)
        {
            terminal.Complain("Stopped before the end.");
            return Failed;
        }
    }

    private static int Refuse(ParseResult parsed, Terminal terminal)
    {
        foreach (var error in parsed.Errors) terminal.Complain(error.Message);
        terminal.Error.WriteLine($"See {HelpWithExamples.NameOf(parsed.CommandResult.Command)} --help.");
        return WrongUsage;
    }
}
