using SplitInfer.Simulation;

namespace SplitInfer.Fuzzing.Files;

/// <summary>The reader of scenarios.</summary>
internal sealed class ScenarioTarget : FuzzTarget
{
    public override string Name => "scenario";

    protected override IReadOnlyList<byte[]> Seeds { get; } =
    [
        """{"name":"a","frames":10,"noise":0.05,"features":["conv"],"arms":[{"partition":0,"headMs":0,"payloadBits":100,"macs":[5],"nodes":[1],"tailMs":2},{"partition":1,"headMs":9}],"link":[{"from":0,"mbps":16,"rttMs":2},{"from":5,"mbps":4}],"serverSlowdown":[{"from":0,"factor":2}],"keyFrames":[1,2],"probes":true}"""u8.ToArray(),
        """{"frames":3,"arms":[{"partition":2,"headMs":1.5e1}],"servers":[{"name":"s","link":[{"fromMs":0,"mbps":1}],"availability":[{"from":0,"up":false}],"failureMs":5}],"lateRaces":false}"""u8.ToArray(),
    ];

    public override bool Documents(Exception error) => error is ScenarioException;

    public override string Take(byte[] input) => $"{ScenarioReader.Read(input).Arms.Length} arms";
}
