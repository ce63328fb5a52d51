using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Commands.Bench;
using SplitInfer.Cli.Output;
using SplitInfer.Simulation.Crowds;

namespace SplitInfer.Cli.Commands.Simulate;

/// <summary>Plays all contenders in a described crowd, a line each.</summary>
internal static class CrowdRun
{
    public static void Play(Terminal terminal, CrowdWorld world, bool isJson, CancellationToken cancellationToken)
    {
        var lines = isJson ? new JsonLines(terminal.Output) : null;
        var simulator = new CrowdSimulator(world);
        var (optimum, selfish) = (simulator.Play(CrowdContender.Optimum), simulator.Play(CrowdContender.Selfish));
        var rows = new List<CrowdRow>();
        foreach (var contender in Enum.GetValues<CrowdContender>())
        {
            cancellationToken.ThrowIfCancellationRequested();
            rows.Add(CrowdRow.Of(world.Clients.Length, simulator.Play(contender), optimum, selfish));
            lines?.Write(rows[^1], LineContext.Default.CrowdRow);
        }

        if (lines is null) CrowdTable.Write(terminal, rows);
    }
}
