using System.Buffers.Binary;
using SplitInfer.Protocol;
using SplitInfer.Tailoring.Statistics;
using SplitInfer.Tensors;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Fuzzing.Files;

/// <summary>The reader of what <c>tailor collect</c> leaves, and the sum of two such files. Most inputs have a checksum that is right.</summary>
internal sealed class StatisticsTarget() : FileTarget("statistics.bin")
{
    private const int HeaderSize = 38, ChecksumSize = 4;

    public override string Name => "statistics";

    protected override IReadOnlyList<byte[]> Seeds { get; } = [Collected(1), Collected(3)];

    public override bool Documents(Exception error) => error is InvalidStatisticsException;

    protected override string Read(string path)
    {
        var statistics = StatisticsFile.LoadSum(path, path);
        foreach (var (name, value) in statistics.Values)
        {
            var elements = 0L;
            foreach (var count in value.Counts) elements += count;
            if (elements != value.Count || !(value.Minimum <= value.Maximum)) throw new FuzzFindException($"'{name}' has {elements} of {value.Count} elements, from {value.Minimum} to {value.Maximum}.");
        }

        return $"{statistics.Values.Count} values";
    }

    protected override byte[] Make(Random random, byte[] seed, byte[] other)
    {
        var bytes = random.Next(2) == 0 ? Damage(random, seed, other) : [.. seed];
        for (var i = random.Next(4); i > 0 && bytes.Length > HeaderSize + ChecksumSize; i--) bytes[random.Next(HeaderSize, bytes.Length - ChecksumSize)] = (byte)(random.Next(3) == 0 ? 0xFF : random.Next(256));
        if (random.Next(16) != 0 && bytes.Length > ChecksumSize) BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - ChecksumSize), Crc32C.Append(0, bytes.AsSpan(0, bytes.Length - ChecksumSize)));
        return bytes;
    }

    private static byte[] Collected(int samples) => Written(path =>
    {
        var statistics = new SampleStatistics(WirePlan.Digest(1));
        for (var sample = 0; sample < samples; sample++)
        {
            var scale = 1 << sample;
            statistics.AddSample([("x", TensorValue.From<float>([-scale, 0, scale / 3f, 1e-6f], 4)), ("conv", TensorValue.From<float>([1, 2, 3, scale], 2, 2)), ("mask", TensorValue.From<float>([float.NegativeInfinity], 1))]);
        }

        StatisticsFile.Save(path, statistics);
    }, "statistics.bin");
}
