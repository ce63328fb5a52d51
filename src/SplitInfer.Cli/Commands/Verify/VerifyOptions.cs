using System.CommandLine;
using SplitInfer.Cli.Inputs;
using SplitInfer.Tailoring.Verification;

namespace SplitInfer.Cli.Commands.Verify;

/// <summary>The options that say how a model is verified, which the command passes on to its workers.</summary>
internal sealed class VerifyOptions
{
    private readonly SharedOptions _shared;

    public VerifyOptions(SharedOptions shared)
    {
        _shared = shared;
        Tolerance.Require<double>(static value => value >= 0, "takes 0 or more.");
        Cuts.Require<int>(static count => count >= CutSample.Fewest, $"takes {CutSample.Fewest} or more: the first and the last are always among them.");
    }

    /// <summary>Which partitions.</summary>
    public Option<string> Partitions { get; } = new("--partitions") { Description = "Which to run: all, arms, or a list such as 0,4,19.", HelpName = "WHICH", DefaultValueFactory = static _ => PartitionChoice.All };

    /// <summary>How many of them at most.</summary>
    public Option<int?> Cuts { get; } = new("--cuts") { Description = "Run at most so many of them, spread evenly, the first and the last always.", HelpName = "N" };

    /// <summary>How far a partition may be from the whole.</summary>
    public Option<double> Tolerance { get; } = new("--tolerance")
    {
        Description = "An element may differ by X × (1 + its magnitude), or by 8 units in the last place where floats of 16 bits or less cross or come out.",
        HelpName = "X",
        DefaultValueFactory = static _ => new VerificationOptions().Tolerance,
    };

    /// <summary>Seed of made-up inputs.</summary>
    public Option<int> Seed { get; } = new("--seed") { Description = "Seed of made-up inputs.", HelpName = "N", DefaultValueFactory = static _ => 1 };

    /// <summary>All of them, with those that plans take.</summary>
    public IEnumerable<Option> All => [Partitions, Cuts, Tolerance, Seed, .. _shared.Planning];

    /// <summary>How models are verified, by the options given.</summary>
    public VerifySettings SettingsOf(ParseResult parsed)
    {
        var execution = _shared.ExecutionOf(parsed);
        execution.IntraOpThreads = ThreadsOf(parsed);
        return new(parsed.GetRequiredValue(Partitions), parsed.GetValue(Cuts), parsed.GetValue(Tolerance), parsed.GetValue(Seed), () => _shared.PlanOf(parsed), execution);
    }

    /// <summary>Threads of one run: several run at a time, so each has one unless asked otherwise.</summary>
    public int ThreadsOf(ParseResult parsed) => parsed.GetResult(_shared.Threads) is null ? 1 : parsed.GetValue(_shared.Threads);

    /// <summary>The options as they were typed, for another process.</summary>
    public IEnumerable<string> Typed(ParseResult parsed) => SharedOptions.Typed(parsed, [.. All, _shared.Threads]);
}
