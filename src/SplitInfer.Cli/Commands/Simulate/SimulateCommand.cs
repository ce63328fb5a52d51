using System.CommandLine;
using SplitInfer.Cli.Output;
using SplitInfer.Policies;
using SplitInfer.Policies.Catalog;
using SplitInfer.Simulation;
using SplitInfer.Simulation.Crowds;
using SplitInfer.Simulation.Families;
using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Cli.Commands.Simulate;

/// <summary>Plays a policy against a described world.</summary>
internal static class SimulateCommand
{
    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var scenario = new Option<string>("--scenario") { Description = "The world, as JSON; samples/scenarios has some. Or the name of a random world, as bench policy --random lists them.", HelpName = "F.json", Required = true };
        var policy = SharedOptions.Policy();
        policy.DefaultValueFactory = static _ => PolicyNames.MuLinUcb;
        var seed = new Option<int>("--seed") { Description = "Makes the noise; the same seed gives the same noise to every policy.", HelpName = "N" };
        var command = new ExplainedCommand("simulate", "Plays a policy against a described world on a virtual clock, beside an oracle.",
            "splitinfer simulate --scenario samples/scenarios/vgg16/drop-50-4.json",
            "splitinfer simulate --scenario world.json --policy MuLinUcbPaper --policy-option featureScale=max --seed 3 --json",
            "splitinfer simulate --scenario samples/families/mdinference.json",
            "splitinfer simulate --scenario samples/crowds/cameras.json")
        {
            scenario, policy, options.PolicyOptions, seed,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            var name = parsed.GetRequiredValue(scenario);
            if (FamilyReader.FindFile(name) is { } family)
            {
                FamilyRun.Play(terminal, family, parsed.GetRequiredValue(policy)!, setup => PolicyCatalog.Create(parsed.GetRequiredValue(policy)!, setup, options.PolicyOptionsOf(parsed)),
                    parsed.GetValue(seed), parsed.GetValue(options.Json), cancellationToken);
                return Task.CompletedTask;
            }

            if (CrowdReader.FindFile(name, parsed.GetValue(seed)) is { } crowd)
            {
                CrowdRun.Play(terminal, crowd, parsed.GetValue(options.Json), cancellationToken);
                return Task.CompletedTask;
            }

            var world = RandomWorld.Find(name) ?? RandomServers.Find(name) ?? RandomFamily.Find(name) ?? RandomJoint.Find(name) ?? ScenarioReader.ReadFile(name);
            var player = PolicyCatalog.Create(parsed.GetRequiredValue(policy)!, Simulator.SetupOf(world, parsed.GetValue(seed)), options.PolicyOptionsOf(parsed));
            var lines = parsed.GetValue(options.Json) ? new JsonLines(terminal.Output) : null;
            var frames = new List<SimulatedFrame>();
            foreach (var frame in new Simulator(world, parsed.GetValue(seed)).Play(player))
            {
                frames.Add(frame);
                lines?.Write(SimulatedFrameLine.Of(world, frame), LineContext.Default.SimulatedFrameLine);
            }

            var summary = SimulationLine.Of(SimulationSummary.Of(player.Name, frames));
            if (lines is not null) lines.Write(summary, LineContext.Default.SimulationLine);
            else SimulationTable.Write(terminal, world, frames, summary);
            return Task.CompletedTask;
        });
        return command;
    }
}
