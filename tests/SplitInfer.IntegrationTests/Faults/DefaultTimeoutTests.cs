using SplitInfer.Testing;
using Xunit.Abstractions;

namespace SplitInfer.IntegrationTests.Faults;

/// <summary>The faults of networks once more, for clients with the timeouts that they have unless told otherwise.</summary>
[Trait("Category", "Long")]
public class DefaultTimeoutTests(FaultRuns runs, ITestOutputHelper output) : IClassFixture<FaultRuns>
{
    private static readonly Dictionary<string, FaultScene> Scenes =
        NetworkFaultTests.Scenes.ToDictionary(static scene => scene.Key, static scene => scene.Value with { Configure = static client => client.Transport = new() });

    public static TheoryData<string> Names => [.. Scenes.Keys];

    [LongTheory]
    [MemberData(nameof(Names))]
    public Task Every_call_is_right_and_the_server_is_used_again(string fault) => runs.CheckAsync(fault, Scenes, output);
}
