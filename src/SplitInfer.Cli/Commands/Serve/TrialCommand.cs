using System.CommandLine;
using System.Diagnostics;
using SplitInfer.Server;

namespace SplitInfer.Cli.Commands.Serve;

/// <summary>The process in which <see cref="ServeCommand"/> tries a model. Not for people.</summary>
internal static class TrialCommand
{
    public static Command Create(SharedOptions options)
    {
        var (file, configuration) = (SharedOptions.Model(), ServerConfiguration.Option());
        var watch = new Option<bool>(TrialProcess.WatchParent) { Description = "End where standard input ends." };
        var command = new ExplainedCommand(TrialProcess.Command, "Plans a model as a server does, and says why where that fails.") { file, configuration, watch, options.Planning };
        command.Hidden = true;
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(watch)) EndWithParent();
            var server = new SplitInferServerOptions();
            ServerConfiguration.Apply(server, parsed.GetValue(configuration), []);
            ServerConfiguration.ApplyShared(server, options, parsed);
            SplitInferServer.TryModel(parsed.GetRequiredValue(file), server.Plan, server.Execution);
            return 0;
        });
        return command;
    }

    /// <summary>Ends this process once the one that started it is gone, which holds the other end of its input.</summary>
    private static void EndWithParent()
    {
        var input = Console.OpenStandardInput();
        var watch = new Thread(() =>
        {
            var room = new byte[64];
            while (input.Read(room) > 0) { }
            // A kernel that loops cannot be asked to stop.
            using var self = Process.GetCurrentProcess();
            self.Kill();
        }) { IsBackground = true, Name = "splitinfer parent watch" };
        watch.Start();
    }
}
