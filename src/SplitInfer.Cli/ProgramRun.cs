using System.CommandLine;
using SplitInfer.Cli.Commands;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Client.Arms;
using SplitInfer.Codecs;
using SplitInfer.Policies;
using SplitInfer.Protocol.Endpoints;
using SplitInfer.Server;
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
        HelpWithExamples.AddTo(root, "splitinfer inspect squeezenet.onnx", "splitinfer serve squeezenet.onnx", "splitinfer run squeezenet.onnx --server tcp://127.0.0.1:7070 --frames 100");
        var parsed = root.Parse(args);
        if (UsageErrors.Of(parsed) is { Count: > 0 } mistakes) return Refuse(parsed, terminal, mistakes);
        try
        {
            var configuration = new InvocationConfiguration { Output = terminal.Output, Error = terminal.Error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeToStop };
            return await parsed.InvokeAsync(configuration, cancellationToken);
        }
        catch (Exception error) when (IsOfUsage(error))
        {
            return Refuse(parsed, terminal, [error is UsageException { NamesSettings: true } ? error.Message : OptionWords.Of(error.Message)]);
        }
        catch (SplitInferException error)
        {
            terminal.Complain(FailureWords.Of(error));
            return Failed;
        }
        catch (Exception error) when (error is ScenarioException or TimeoutException or IOException or UnauthorizedAccessException)
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

    // An address that is well-formed may be taken by another program.
    private static bool IsOfUsage(Exception error) =>
        error is UsageException or PolicyOptionException or InvalidPartitionException or UnknownCodecException or LosslessCodecRequiredException or EndpointException { InnerException: null };

    private static int Refuse(ParseResult parsed, Terminal terminal, IEnumerable<string> mistakes)
    {
        foreach (var mistake in mistakes) terminal.Complain(mistake);
        terminal.Complain($"See {HelpWithExamples.NameOf(parsed.CommandResult.Command)} --help.");
        return WrongUsage;
    }
}
