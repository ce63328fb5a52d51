using SplitInfer.Testing;
using Xunit.Abstractions;

namespace SplitInfer.IntegrationTests.Faults;

/// <summary>After a fault each client uses the server again within 3 s of its return, with the timeouts that it has unless told otherwise.</summary>
[Trait("Category", "Timed")]
public class ReturnTests(FaultRuns runs, ITestOutputHelper output) : IClassFixture<FaultRuns>
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(3);

    private static readonly Dictionary<string, FaultScene> Scenes = NetworkFaultTests.Scenes.Concat(DamageFaultTests.Scenes).ToDictionary();

    public static TheoryData<string> Names => [.. Scenes.Keys];

    [TimedTheory]
    [MemberData(nameof(Names))]
    public async Task The_server_is_used_again_soon(string fault)
    {
        var (call, back, who) = await runs.PlayAsync(Scenes[fault] with { Configure = static client => client.Transport = new() });
        output.WriteLine($"longest call {call.TotalSeconds:0.00} s, server used again by all after {back.TotalSeconds:0.00} s ({who})");
        Assert.True(back <= Longest, $"It took {back.TotalSeconds:0.00} s until the server was used again ({who}).");
    }
}
