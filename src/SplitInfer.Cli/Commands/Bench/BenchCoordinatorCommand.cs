using System.CommandLine;
using System.Globalization;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Output;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>Measures how soon servers have prices again after a silo was killed.</summary>
internal static class BenchCoordinatorCommand
{
    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var nodes = new Option<int>("--nodes") { Description = "Servers that report, each with a connection of its own.", HelpName = "N", DefaultValueFactory = static _ => 4 };
        var interval = new Option<double>("--interval") { Description = "How often each server reports, in seconds.", HelpName = "S", DefaultValueFactory = static _ => 0.25 };
        var seconds = new Option<double>("--seconds") { Description = "How long they report before the silo is killed.", HelpName = "S", DefaultValueFactory = static _ => 5 };
        nodes.Require<int>(static count => count is >= 1 and <= 64, "takes 1 to 64.");
        interval.Require<double>(static value => value is >= 0.05 and <= 10, "takes 0.05 to 10.");
        seconds.Require<double>(static value => value is >= 1 and <= 3600, "takes 1 to 3600.");
        var command = new ExplainedCommand("coordinator", "Kills the silo that finds prices, one of two beside a redis-server, and measures how soon servers have prices again.",
            "splitinfer bench coordinator",
            "splitinfer bench coordinator --nodes 8 --interval 1 --json")
        {
            nodes, interval, seconds,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var row = await new CoordinatorBenchmark(parsed.GetValue(nodes), TimeSpan.FromSeconds(parsed.GetValue(interval)), TimeSpan.FromSeconds(parsed.GetValue(seconds)), TimeProvider.System).RunAsync(cancellationToken);
            if (parsed.GetValue(options.Json)) new JsonLines(terminal.Output).Write(row, LineContext.Default.CoordinatorRow);
            else terminal.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"The silo {row.Killed} was killed. {Words.Count(row.Nodes, "server")} had prices again after {row.FirstSeconds:0.00} to {row.RecoverySeconds:0.00} s; {Words.Count(row.FailedReports, "report")} failed meanwhile, {row.Rejoined} had to join again. Decisions about requests, in a second: {row.DecisionsBefore:0} before, {row.DecisionsAfter:0} meanwhile; 99 of 100 took up to {row.DecisionP99MsBefore:0.000} ms before, {row.DecisionP99MsAfter:0.000} ms meanwhile. A report has up to {row.ReportBytes} bytes, a price {row.PriceBytes}."));
        });
        return command;
    }
}
