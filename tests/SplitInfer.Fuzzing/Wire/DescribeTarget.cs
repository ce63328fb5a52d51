using Google.Protobuf;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Tensors;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Fuzzing.Wire;

/// <summary>What a server says of a model of which the client has no copy, up to the layouts that the client makes of it.</summary>
internal sealed class DescribeTarget : FuzzTarget
{
    public override string Name => "describe";

    public override int LeastOutcomes => 8;

    protected override IReadOnlyList<byte[]> Seeds { get; } = [ModelDescriptions.Of(WirePlan.Plan).ToByteArray(), ModelDescriptions.Of(WirePlan.PlanOf(3, 4)).ToByteArray()];

    public override bool Documents(Exception error) => error is ProtocolException;

    public override string Take(byte[] input)
    {
        var plan = ModelDescriptions.Read(Headers.Parse(ModelDescription.Parser, input));
        _ = new PlanLayouts(plan);
        _ = BoundaryLayout.For(plan.Inputs, "fuzz");
        return $"{plan.Inputs.Length} {plan.Outputs.Length} {plan.AllOnServer.Boundary.Length}";
    }

    protected override byte[] Make(Random random, byte[] seed, byte[] other)
    {
        if (random.Next(3) == 0) return base.Make(random, seed, other);
        var description = ModelDescription.Parser.ParseFrom(seed);
        for (var damages = random.Next(1, 4); damages > 0; damages--) HeaderDamage.Damage(random, description);
        return description.ToByteArray();
    }
}
