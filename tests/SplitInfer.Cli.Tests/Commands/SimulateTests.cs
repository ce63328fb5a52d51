using SplitInfer.Simulation.Experience;
using SplitInfer.Simulation.Quality;
using SplitInfer.Testing;

namespace SplitInfer.Cli.Tests.Commands;

public sealed class SimulateTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly string _scenario;

    public SimulateTests()
    {
        _scenario = _folder["worlds/small.json"];
        File.WriteAllText(_scenario, """
            {
              "name": "small", "frames": 40, "noise": 0.05, "features": ["conv"],
              "arms": [
                {"partition": 0, "headMs": 0, "payloadBits": 4000000, "macs": [1e9], "nodes": [3], "tailMs": 10},
                {"partition": 2, "headMs": 20, "payloadBits": 400000, "macs": [5e8], "nodes": [1], "tailMs": 5},
                {"partition": 3, "headMs": 60}
              ],
              "link": [{"from": 0, "mbps": 50, "rttMs": 5}, {"from": 20, "mbps": 4, "rttMs": 5}],
              "probes": true
            }
            """);
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("MuLinUcb")]
    [InlineData("MuLinUcbPaper")]
    [InlineData("LinUcb")]
    [InlineData("EpsilonGreedy")]
    [InlineData("Neurosurgeon")]
    [InlineData("MdInferencePaper")]
    [InlineData("Fixed")]
    [InlineData("AllOnDevice")]
    [InlineData("AllOnServer")]
    public async Task Every_policy_plays_and_keeps_the_contract_of_the_lines(string policy)
    {
        var result = await CommandLine.RunAsync("simulate", "--scenario", _scenario, "--policy", policy, "--seed", "3", "--json");
        Assert.Equal("", result.Error);
        Assert.Equal(41, result.Json.Length);
        Assert.All(result.Json[..^1], static f => Assert.Equal("frame partition forced raced delayMs oracleMs", CommandLine.Fields(f)));
        var summary = result.Json[^1];
        Assert.Equal("policy frames meanMs oracleMeanMs excessMs excessRatio p95Ms", CommandLine.Fields(summary));
        Assert.Equal(policy, summary.GetProperty("policy").GetString());
        var mean = result.Json[..^1].Average(static f => f.GetProperty("delayMs").GetDouble());
        Assert.Equal(mean, summary.GetProperty("meanMs").GetDouble(), 1e-9);
        Assert.Equal(mean - summary.GetProperty("oracleMeanMs").GetDouble(), summary.GetProperty("excessMs").GetDouble(), 1e-9);
    }

    [Fact]
    public async Task A_family_has_a_line_for_each_network_and_deadline_beside_what_others_make_of_it()
    {
        var family = _folder["worlds/family.json"];
        await File.WriteAllTextAsync(family, """
            {
              "name": "small", "frames": 200, "chooses": "server",
              "variants": [
                {"name": "small", "accuracy": 0.5, "serverMs": 2, "deviceMs": 10},
                {"name": "large", "accuracy": 0.9, "serverMs": 40, "serverSdMs": 1}
              ],
              "networks": [
                {"name": "near", "out": {"law": "gamma", "meanMs": 10, "sdMs": 5}, "back": {"traceMs": [4, 8, 12]}},
                {"name": "far", "out": {"law": "lognormal", "meanMs": 80, "sdMs": 40}}
              ],
              "deadlineMs": [20, 200]
            }
            """);
        var result = await CommandLine.RunAsync("simulate", "--scenario", family, "--seed", "4", "--json");
        Assert.Equal("", result.Error);
        Assert.Equal(5, result.Json.Length);
        Assert.All(result.Json[..^1], static line => Assert.Equal(
            "network deadlineMs policy frames accuracy lateShare hedgedShare deviceShare nothingShare bestStatic staticAccuracy publishedAccuracy publishedLateShare publishedOracleAccuracy informedAccuracy", CommandLine.Fields(line)));
        Assert.Equal(0.9, result.Json[1].GetProperty("accuracy").GetDouble(), 0.02);
        Assert.Equal("large", result.Json[1].GetProperty("bestStatic").GetString());
        Assert.Equal(4, result.Json[^1].GetProperty("cells").GetInt32());
        Assert.Equal(result.Output, (await CommandLine.RunAsync("simulate", "--scenario", family, "--seed", "4", "--json")).Output);
        var table = (await CommandLine.RunAsync("simulate", "--scenario", family)).Output;
        Assert.All((string[])["far 200 ms", "nothing", "had no answer"], words => Assert.Contains(words, table, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"variants": [], "frames": 1}""", "deviceMs")]
    [InlineData("""{"frames": 1, "variants": [{"name": "a", "accuracy": 2, "deviceMs": 1, "serverMs": 1}]}""", "accuracy")]
    [InlineData("""{"frames": 1, "variants": [{"name": "a", "accuracy": 1, "deviceMs": 1, "serverMs": 1}], "networks": [{"name": "n", "out": {"law": "cauchy"}}]}""", "lognormal")]
    [InlineData("""{"frames": 1, "variants": [{"name": "a", "accuracy": 1, "deviceMs": 1, "serverMs": 1}], "networks": [{"name": "n", "out": {"meanMs": 1}}], "deadlineMs": []}""", "deadlineMs")]
    [InlineData("""{"frames": 1, "variants": [{"name": "a", "accuracy": 1, "deviceMs": 1, "serverMs": 1}, {"name": "b", "accuracy": 1, "deviceMs": 1, "serverSdMs": 1}]}""", "serverSdMs")]
    [InlineData("""{"frames": 1, "minAccuracy": 1.2, "variants": [{"name": "a", "accuracy": 1, "deviceMs": 1, "serverMs": 1}], "networks": [{"name": "n", "out": {"meanMs": 1}}], "deadlineMs": [1]}""", "minAccuracy")]
    public async Task A_family_that_makes_no_sense_is_refused_by_place(string text, string expected)
    {
        var family = _folder["worlds/wrong.json"];
        await File.WriteAllTextAsync(family, text);
        var result = await CommandLine.RunAsync("simulate", "--scenario", family);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_several_servers_lines_name_the_one_that_was_asked()
    {
        var scenario = _folder["worlds/two.json"];
        var one = await File.ReadAllTextAsync(_scenario);
        await File.WriteAllTextAsync(scenario, one.Replace("\"link\": [{\"from\": 0, \"mbps\": 50, \"rttMs\": 5}, {\"from\": 20, \"mbps\": 4, \"rttMs\": 5}],", """
            "servers": [
              {"name": "edge", "link": [{"from": 0, "mbps": 400, "rttMs": 1}], "serverSlowdown": [{"from": 0, "factor": 1}, {"from": 20, "factor": 50}]},
              {"name": "cloud", "link": [{"from": 0, "mbps": 20, "rttMs": 5}]}
            ],
            """, StringComparison.Ordinal));
        var result = await CommandLine.RunAsync("simulate", "--scenario", scenario, "--json");
        Assert.Equal("", result.Error);
        Assert.All(result.Json[..^1], static f => Assert.Equal("frame partition forced raced delayMs oracleMs server", CommandLine.Fields(f)));
        string[] asked = [.. result.Json[..^1].Select(static f => f.GetProperty("server").GetString()!)];
        Assert.All(asked, static name => Assert.Contains(name, new[] { "edge", "cloud", "device" }));
        // The faster one at first, the other once the first is slow.
        Assert.True(asked[..20].Count(static name => name == "edge") > 10);
        Assert.Equal("cloud", asked[^1]);
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_frames_and_another_seed_others()
    {
        string[] line = ["simulate", "--scenario", _scenario, "--json", "--seed"];
        var (first, again, other) = (await CommandLine.RunAsync([.. line, "1"]), await CommandLine.RunAsync([.. line, "1"]), await CommandLine.RunAsync([.. line, "2"]));
        Assert.Equal(first.Output, again.Output);
        Assert.NotEqual(first.Output, other.Output);
    }

    [Fact]
    public async Task People_see_a_row_for_each_phase()
    {
        var result = await CommandLine.RunAsync("simulate", "--scenario", _scenario, "--policy", "Fixed", "--policy-option", "partition=2");
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("0–19", result.Output, StringComparison.Ordinal);
        Assert.Contains("20–39", result.Output, StringComparison.Ordinal);
        Assert.Contains("40 frames by Fixed", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bench_policy_plays_all_policies_over_a_folder_and_times_them()
    {
        var result = await CommandLine.RunAsync("bench", "policy", "--scenarios", _folder["worlds"], "--seeds", "2", "--json");
        Assert.Equal("", result.Error);
        var (rows, decisions) = (result.Json[..9], result.Json[9..]);
        Assert.All(rows, static r => Assert.Equal("scenario policy seeds meanMs oracleMeanMs excessMs excessRatio p95Ms lastExcessRatio noiseFreeExcessRatio", CommandLine.Fields(r)));
        Assert.All(decisions, static d => Assert.Equal("policy arms decisionUs allocatedBytes chooseUs objective", CommandLine.Fields(d)));

        // Nine policies, and the default by a deadline.
        Assert.Equal([(32, 10), (1000, 10)], decisions.CountBy(static d => d.GetProperty("arms").GetInt32()).Select(static count => (count.Key, count.Value)));
    }

    [Fact]
    public async Task Bench_experience_prints_a_line_for_each_contender()
    {
        var result = await CommandLine.RunAsync("bench", "experience", "--devices", "60", "--days", "2", "--json");
        Assert.Equal("", result.Error);
        Assert.Equal(Enum.GetNames<ExperienceContender>(), result.Json.Select(static l => l.GetProperty("contender").GetString()!));
        Assert.All(result.Json, static l => Assert.Equal(
            "contender worlds sessions content ratio leastRatio firstRatio ratioAfterFive leastRatioAfterFive ratingsTo95 veteranRatio askedShare answeredShare uploadBytesPerDay mostUploadBytes", CommandLine.Fields(l)));
        Assert.All(result.Json, static l => Assert.Equal(12 * 2 * 3, l.GetProperty("sessions").GetInt32()));
        var table = await CommandLine.RunAsync("bench", "experience", "--devices", "60", "--days", "2");
        Assert.Contains("over the best static variant", table.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bench_quality_prints_a_line_for_each_load_and_contender()
    {
        var result = await CommandLine.RunAsync("bench", "quality", "--loads", "0.5,3.5", "--seconds", "4", "--kill-at", "1", "--json");
        Assert.Equal("", result.Error);
        Assert.Equal([.. Enum.GetNames<QualityContender>(), .. Enum.GetNames<QualityContender>()], result.Json.Select(static l => l.GetProperty("contender").GetString()!));
        Assert.All(result.Json, static l => Assert.Equal(
            "load contender worlds requests misses accuracy ofOptimum leastUserShare accuracyAfterKill utilization priceBytesPerSecond mostReportBytes", CommandLine.Fields(l)));
        var table = await CommandLine.RunAsync("bench", "quality", "--loads", "1.5", "--seconds", "4", "--bursts", "--churn", "--servers", "2", "--slow-at", "2");
        Assert.Contains("accuracy in time, %", table.Output, StringComparison.Ordinal);
        Assert.Contains("of the bound at least", table.Output, StringComparison.Ordinal);
        var worlds = await CommandLine.RunAsync("bench", "quality", "--worlds", "1", "--requests", "500", "--json");
        Assert.Equal("world load accuracy misses shallowestMisses bestBaseline bestBaselineAccuracy bestBaselineMisses shallowestAccuracy ofOptimum", CommandLine.Fields(Assert.Single(worlds.Json)));
    }

    [Theory]
    [InlineData("bench crowd --clients 0", "--clients takes numbers from 1 to 56, separated by commas, or a range, not '0'.")]
    [InlineData("bench quality --loads abc", "--loads takes numbers above 0, separated by commas, not 'abc'.")]
    public async Task What_is_no_list_of_numbers_is_told_once(string line, string sentence)
    {
        var result = await CommandLine.RunAsync(line.Split(' '));
        Assert.Equal(2, result.ExitCode);
        Assert.Equal(sentence, result.Error.Split('\n')[0].Trim());
        Assert.Equal(result.Error.IndexOf(" takes ", StringComparison.Ordinal), result.Error.LastIndexOf(" takes ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(2, "bench quality --loads 0", "--loads takes numbers above 0")]
    [InlineData(2, "bench quality --deadlines soon", "--deadlines takes numbers above 0")]
    [InlineData(2, "bench quality --users 0", "--users")]
    [InlineData(2, "bench quality --confidence 1", "--confidence")]
    [InlineData(1, "simulate --scenario nowhere.json", "nowhere.json")]
    [InlineData(2, "simulate", "--scenario")]
    [InlineData(2, "simulate --scenario WORLD --policy Best", "MuLinUcb")]
    [InlineData(2, "simulate --scenario WORLD --policy LinUcb --policy-option width=1", "alpha")]
    [InlineData(2, "simulate --scenario WORLD --policy-option width", "width")]
    [InlineData(2, "bench policy --seeds 0", "--seeds")]
    [InlineData(2, "bench policy --families 1 --seeds 8", "--seeds has no meaning with --families")]
    [InlineData(2, "bench policy --families 1 --random 3", "--random")]
    [InlineData(2, "bench policy --families 1 --scenarios worlds", "--scenarios")]
    [InlineData(2, "bench policy --families 1 --one-core", "--one-core")]
    [InlineData(2, "bench policy --families 1 --no-races", "--no-races")]
    [InlineData(2, "bench experience --seeds 0", "--seeds")]
    [InlineData(2, "bench experience --patience-spread -1", "--patience-spread")]
    public async Task Mistakes_are_told_in_words(int exitCode, string line, string word)
    {
        var result = await CommandLine.RunAsync([.. line.Split(' ').Select(w => w == "WORLD" ? _scenario : w), "--json"]);
        Assert.Equal(exitCode, result.ExitCode);
        Assert.Equal("", result.Output);
        Assert.Contains(word, result.Error, StringComparison.Ordinal);
    }
}
