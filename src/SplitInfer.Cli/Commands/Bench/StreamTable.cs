using Spectre.Console;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Output;
using SplitInfer.Simulation.Streams;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>Streams as people read them: a row for each world, and what it comes to.</summary>
internal static class StreamTable
{
    public static void Write(Terminal terminal, IReadOnlyList<StreamRow> rows, StreamDecisionRow decision)
    {
        var table = new Table().Border(TableBorder.Simple);
        table.AddColumn(new TableColumn("world").NoWrap());
        foreach (var column in (string[])["bound", "planner", "of bound", "p95 ms", "device", "server", "pipelined", "Neurosurgeon", "MuLinUcb", "best fixed"]) table.AddColumn(new TableColumn(column).RightAligned().NoWrap());
        foreach (var world in rows.GroupBy(static row => row.World))
        {
            var of = world.ToDictionary(static row => row.Contender);
            var own = of[nameof(StreamContender.Planner)];
            string Fps(StreamContender contender) => $"{of[contender.ToString()].Fps:F1}";
            table.AddRow(
                world.Key, $"{own.BoundFps:F1}", $"{own.Fps:F1}", $"{own.BoundRatio:F3}", $"{own.P95Ms:F0}", Fps(StreamContender.AllOnDevice), Fps(StreamContender.AllOnServer), Fps(StreamContender.AllOnServerPipelined),
                Fps(StreamContender.Neurosurgeon), Fps(StreamContender.MuLinUcb), Fps(StreamContender.BestFixedPipelined));
        }

        terminal.Tables.Write(table);
        terminal.Output.WriteLine("frames a second; world: network, Mbit/s, percent of the device, percent of the server; bound: the programme with the true costs; device, server: all there, one frame at a time; pipelined: all on the server with several in flight");
        Write(terminal, StreamSummary.Of(rows));
        terminal.Output.WriteLine($"To choose and observe over {decision.Routes} routes takes {decision.DecisionUs:F1} µs a frame and {decision.AllocatedBytes:F1} B.");
    }

    private static void Write(Terminal terminal, StreamSummary summary)
    {
        terminal.Output.WriteLine($"{summary.Worlds} worlds. Planner of the bound: {summary.LeastBoundRatio:F3} in the worst, {summary.BoundRatio:F3} in the middle; 0.95 or more in {summary.BoundShare:P0}.");
        terminal.Output.WriteLine($"Of the best fixed arm, pipelined: {summary.LeastOfFixed:F3} in the worst world, {summary.OfFixed:F3} in the middle, {summary.MostOfFixed:F2} in the best.");
        terminal.Output.WriteLine($"Of the better policy of one frame at a time: {summary.LeastOfSequential:F2} in the worst world, {summary.OfSequential:F2} in the middle, {summary.MostOfSequential:F2} in the best.");
        terminal.Output.WriteLine($"8.2 times the weakest contender or more in {summary.WeakestShare:P0} of the worlds.");
        if (summary.WindowsInTime is { } inTime) terminal.Output.WriteLine($"Windows of 10 s with 95 in 100 frames in time, where there is a limit: {inTime:P1}.");
        if (summary.RecoveredShare is { } recovered) terminal.Output.WriteLine($"Changes that were found within the frames in flight and 3: {recovered:P0}.");
    }
}
