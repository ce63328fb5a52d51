using System.CommandLine;
using System.Threading.Channels;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;

namespace SplitInfer.Cli.Commands.Verify;

/// <summary>Checks that every partition of models gives the result of the whole. Models are verified in processes of their own.</summary>
internal sealed class VerifyCommand(Terminal terminal, IVerifyReport report, WorkerPool pool)
{
    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var verify = new VerifyOptions(options);
        var files = new Argument<string[]>("MODEL") { Description = "One or more .onnx files, or folders of them: every .onnx file below a folder is verified.", Arity = ArgumentArity.OneOrMore };
        var inputs = new Option<string?>("--inputs")
        {
            Description = "Folder of inputs (input_0.pb …, or one NAME.npy for each input) and, where it has them, outputs (output_0.pb …). Inputs that are missing are made up. "
                + "Without it, a folder test_data_set_0, inputs or inputs-NAME beside NAME.onnx is taken.",
            HelpName = "DIR",
        };
        var limit = new Option<double?>("--time-limit")
        {
            Description = $"The longest that one model may take, s. Without it, one that gets no further for {TimeLimit.Idle.TotalSeconds:0} s is given up.",
            HelpName = "S",
        };
        limit.Require<double>(static seconds => seconds is > 0 and <= int.MaxValue / 1000, $"takes a positive number of seconds up to {int.MaxValue / 1000}.");
        var command = new ExplainedCommand("verify", "Runs every partition, the tail behind the wire, and compares it with the whole model. Models that cannot be verified are counted by reason.",
            "splitinfer verify squeezenet.onnx",
            "splitinfer verify resnet50/model.onnx --inputs resnet50/test_data_set_0 --json",
            "splitinfer verify ./models --cuts 40 --time-limit 60")
        {
            files, inputs, limit, verify.All,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            var models = ModelSearch.Find(parsed.GetRequiredValue(files), parsed.GetValue(inputs));
            var isSummarized = models.Length > 1 || !models[0].IsNamed;
            string[] worker = [VerifyWorkerCommand.Name, .. verify.Typed(parsed)];
            var threads = verify.ThreadsOf(parsed);
            var pool = new WorkerPool(
                () => WorkerProcess.Start(worker),
                threads == 0 ? 1 : Math.Max(1, Environment.ProcessorCount / threads),
                new(parsed.GetValue(limit) is { } seconds ? TimeSpan.FromSeconds(seconds) : null),
                TimeProvider.System);
            IVerifyReport report = parsed.GetValue(options.Json) ? new VerifyLines(terminal) : new VerifyTable(terminal);
            return new VerifyCommand(terminal, report, pool).RunAsync(models, isSummarized, cancellationToken);
        });
        return command;
    }

    private async Task<int> RunAsync(FoundModel[] models, bool isSummarized, CancellationToken cancellationToken)
    {
        var summary = new VerifySummary();
        var events = models.Select(static _ => Channel.CreateUnbounded<VerifyEvent>()).ToArray();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var work = pool.RunAsync(models, [.. events.Select(static channel => channel.Writer)], stop.Token);
        try
        {
            await terminal.TrackPartsAsync(models.Length == 1 ? Path.GetFileName(models[0].Path) : $"{models.Length} models", models.Length, async step =>
            {
                foreach (var (index, model) in models.Index()) summary.Add(await FollowAsync(model, models.Length == 1, events[index].Reader, step, cancellationToken));
            });
            await work;
        }
        finally
        {
            await stop.CancelAsync();
        }

        foreach (var line in pool.Said) terminal.Complain(line);
        if (isSummarized) report.Summarize(summary);
        return summary[Outcome.Failed] > 0 || summary.IsNamedRefused || summary[Outcome.Verified] + summary[Outcome.Incomparable] == 0 ? 1 : 0;
    }

    /// <summary>Reports one model as it goes on; those that come later wait for their turn.</summary>
    private async Task<ModelResult> FollowAsync(FoundModel model, bool isOnly, ChannelReader<VerifyEvent> events, Action<double> step, CancellationToken cancellationToken)
    {
        var (result, isEnded, left) = (new ModelResult(model, null, 0, 0, null, new(VerifyEnd.Verified, null)), false, 1.0);
        await foreach (var happened in events.ReadAllAsync(cancellationToken))
        {
            if (happened.Planned is { } planned) result = result with { Planned = planned };
            if (happened.End is { } end) (result, isEnded) = (result with { End = end }, true);
            if (happened.Verdict is not { } verdict) continue;
            report.Add(verdict);
            result = result with { Run = result.Run + 1 };
            if (!verdict.Ok) result = result with { Failed = result.Failed + 1, FirstFailure = result.FirstFailure ?? verdict.Fault };
            var part = 1.0 / result.Planned!.Chosen;
            left -= part;
            step(part);
        }

        step(left);
        if (isOnly && result.End is { Kind: VerifyEnd.Misused, Reason: { } reason }) throw new UsageException(reason);
        if (!isEnded) throw new OperationCanceledException(cancellationToken);
        report.End(result);
        return result;
    }
}
