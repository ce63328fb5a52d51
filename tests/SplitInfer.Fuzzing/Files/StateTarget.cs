using System.Buffers.Binary;
using SplitInfer.Client.State;
using SplitInfer.Policies;
using SplitInfer.Policies.Catalog;
using SplitInfer.Protocol;
using SplitInfer.Simulation;
using SplitInfer.Simulation.RandomWorlds;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Fuzzing.Files;

/// <summary>The files in which clients keep what they learned, and what policies take over of them. Most inputs have a checksum that is right.</summary>
internal sealed class StateTarget : FuzzTarget
{
    private const int FramesPlayed = 4;

    private static readonly Fingerprint Model = WirePlan.Digest(1), Device = WirePlan.Digest(2);

    private static readonly double[] Telling = [0, -0.0, 1, -1, 1e-300, 1e300, double.MaxValue, double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1e9];

    private static readonly Scenario World = RandomWorld.Create(WorldKind.Mixed, 1);

    public override string Name => "state";

    protected override IReadOnlyList<byte[]> Seeds { get; } = [.. PolicyNames.All.Select(static name => Learned(name)).OfType<byte[]>(), StateFile.Encode(Model, Device, [])];

    public override bool Documents(Exception error) => error is StateFileException or PolicyStateException;

    public override string Take(byte[] input)
    {
        var sections = StateFile.Decode(input, Model, Device);
        var restored = 0;
        foreach (var section in sections)
        {
            if (section.Kind != StateKind.Policy || section.Key.Bytes[0] >= PolicyNames.All.Count) continue;
            var policy = PolicyOf(section.Key.Bytes[0]);
            if (policy.State is not { } state) continue;
            state.Restore(new(section.Numbers.AsMemory()));
            restored++;
            // Whatever was taken over, requests are decided.
            foreach (var frame in new Simulator(World, seed: 0).Play(policy).Take(FramesPlayed))
                if (!double.IsFinite(frame.DelayMs)) throw new FuzzFindException($"{policy.Name} decides for a delay of {frame.DelayMs} ms.");
        }

        return $"{sections.Length} sections, {restored} restored";
    }

    protected override byte[] Make(Random random, byte[] seed, byte[] other)
    {
        var bytes = random.Next(3) == 0 ? Damage(random, seed, other) : [.. seed];
        for (var i = random.Next(4); i > 0 && bytes.Length > 140; i--)
            BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(116 + (8 * random.Next((bytes.Length - 128) / 8))), Telling[random.Next(Telling.Length)]);
        if (random.Next(16) != 0 && bytes.Length > 4) BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - 4), Crc32C.Append(0, bytes.AsSpan(0, bytes.Length - 4)));
        return bytes;
    }

    private static IPartitionPolicy PolicyOf(int number) => PolicyCatalog.Create(PolicyNames.All[number], Simulator.SetupOf(World, seed: 0));

    /// <summary>A file of what a policy learned, whose key tells which policy; null where it keeps nothing.</summary>
    private static byte[]? Learned(string name)
    {
        var number = (byte)PolicyNames.All.ToList().IndexOf(name);
        var policy = PolicyOf(number);
        if (policy.State is not { } state) return null;
        foreach (var _ in new Simulator(World, seed: 0).Play(policy).Take(40)) { }
        var writer = new PolicyStateWriter();
        state.Save(writer);
        return StateFile.Encode(Model, Device, [new(StateKind.Heads, 1, WirePlan.Digest(1), [1, 2, double.NaN]), new(StateKind.Policy, (uint)state.Version, WirePlan.Digest(number), [.. writer.Numbers])]);
    }
}
