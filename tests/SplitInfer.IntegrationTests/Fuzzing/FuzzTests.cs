using SplitInfer.Fuzzing;
using SplitInfer.Fuzzing.Runs;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.Fuzzing;

/// <summary>A short run of every fuzz target, without its memory, since other tests allocate meanwhile. CONTRIBUTING.md says how to make a long one.</summary>
public class FuzzTests
{
    private const int Seed = 1;

    public static TheoryData<string> Names => [.. FuzzTargets.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Damaged_input_is_taken_or_refused_by_the_errors_that_the_seam_documents(string name)
    {
        using var folder = new TestFolder();
        using var target = FuzzTargets.Create(name);
        var report = FuzzRun.Run(target, target.ShortInputs, Seed, folder.Path, countsMemory: false);
        Assert.True(report.Finds.Count == 0, string.Join('\n', report.Finds.Select(find => $"input {find.Index} of seed {Seed}: {find.What}")));
        // Inputs that all stop at the door, or all get through, test little.
        Assert.True(report.Outcomes.Count >= target.LeastOutcomes, $"only {report.Outcomes.Count} different outcomes: {string.Join("; ", report.Outcomes)}");
    }

    [Fact]
    public void The_same_seed_makes_the_same_inputs()
    {
        foreach (var name in FuzzTargets.Names)
        {
            using var one = FuzzTargets.Create(name);
            using var other = FuzzTargets.Create(name);
            for (var index = 0; index < 20; index++) Assert.Equal(one.Make(Seed, index), other.Make(Seed, index));
        }
    }

    [Fact]
    public void What_is_found_is_told_once_a_kind_and_written_down()
    {
        using var folder = new TestFolder();
        using var target = new FaultyTarget();
        var report = FuzzRun.Run(target, 1000, Seed, folder.Path);
        Assert.Equal(2, report.Finds.Count);
        Assert.All(report.Finds, find => Assert.Equal(target.Make(Seed, find.Index), File.ReadAllBytes(find.File)));
        Assert.Contains(report.Finds, static find => find.What.Contains(nameof(IndexOutOfRangeException), StringComparison.Ordinal));
        Assert.Contains(report.Finds, static find => find.What.Contains("bytes were allocated", StringComparison.Ordinal));
    }

    /// <summary>Reads beyond its input, and believes a length.</summary>
    private sealed class FaultyTarget : FuzzTarget
    {
        public override string Name => "faulty";

        protected override IReadOnlyList<byte[]> Seeds { get; } = [[5, 1, 2, 3, 4, 5, 6, 7, 8], [1, 1]];

        public override bool Documents(Exception error) => error is FormatException;

        public override string Take(byte[] input)
        {
            if (input.Length == 0) throw new FormatException("It is empty.");
            if (input[0] > 200) return $"{new byte[input[0] << 20].Length}";
            return $"{input[input[0]]}";
        }
    }
}
