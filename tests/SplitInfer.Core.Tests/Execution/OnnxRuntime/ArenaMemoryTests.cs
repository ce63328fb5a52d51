using SplitInfer.Core.Tests.Partitioning;
using SplitInfer.Execution.OnnxRuntime;

namespace SplitInfer.Core.Tests.Execution.OnnxRuntime;

/// <summary>What the process has of the system, which is measured while no other test runs.</summary>
[Collection(nameof(MeasuredAlone))]
public class ArenaMemoryTests
{
    private const long MiB = 1 << 20;

    [Fact]
    public void What_an_oversized_run_has_taken_is_given_back_when_the_arena_is_trimmed()
    {
        var arena = OnnxRuntimeEnvironment.For(SplitRun.Execution).ShareArena(SplitRun.Execution);
        using var session = SplitRun.Execution.Engine.Load(ArenaTests.Expanding("ReduceMax"), SplitRun.Execution, ArenaTests.Shared);
        ArenaTests.Run(session, 128 * MiB).Dispose();
        var before = Environment.WorkingSet;

        arena.Trim();

        // 512 MiB, and as much again for what is made of it.
        Assert.InRange(Environment.WorkingSet, 0, before - (500 * MiB));
        ArenaTests.Run(session, 1).Dispose();
    }
}

/// <summary>Tests beside which no other runs.</summary>
[CollectionDefinition(nameof(MeasuredAlone), DisableParallelization = true)]
public class MeasuredAlone;
