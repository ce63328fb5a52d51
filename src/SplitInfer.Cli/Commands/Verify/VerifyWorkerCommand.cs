using System.CommandLine;
using SplitInfer.Cli.Output;

namespace SplitInfer.Cli.Commands.Verify;

/// <summary>The process in which <see cref="VerifyCommand"/> verifies models. Not for people.</summary>
internal static class VerifyWorkerCommand
{
    /// <summary>The name of the command.</summary>
    public const string Name = "verify-worker";

    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var verify = new VerifyOptions(options);
        var command = new ExplainedCommand(Name, "Verifies the models that standard input names.") { verify.All };
        command.Hidden = true;
        command.SetAction((parsed, cancellationToken) => WorkerLoop.RunAsync(verify.SettingsOf(parsed), terminal, cancellationToken));
        return command;
    }
}
