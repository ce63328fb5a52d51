using System.Text.Json;
using SplitInfer.Cli.Output;

namespace SplitInfer.Cli.Commands.Verify;

/// <summary>The side of a worker: takes a job from each line of standard input and writes what becomes known of it, until the input ends.</summary>
internal static class WorkerLoop
{
    public static async Task RunAsync(VerifySettings settings, Terminal terminal, CancellationToken cancellationToken)
    {
        var lines = new JsonLines(terminal.Output);
        var verification = new ModelVerification(settings, happened => lines.Write(happened, VerifyContext.Default.VerifyEvent));
        var next = ReadAsync(terminal);
        while (await next is { } line)
        {
            // In the background, so that a native run which does not end does not keep the process.
            var run = Task.Run(() => verification.RunAsync(JsonSerializer.Deserialize(line, VerifyContext.Default.VerifyJob)!, cancellationToken), cancellationToken);
            next = ReadAsync(terminal);
            // There is one job at a time: input that ends during one means that whoever wanted it has gone.
            if (await Task.WhenAny(run, next) == next && await next is null) return;
            await run;
        }
    }

    // The console's own asynchronous read blocks its caller.
    private static Task<string?> ReadAsync(Terminal terminal) => Task.Run(terminal.Input.ReadLine);
}
