namespace SplitInfer.Core.Tests.Codecs.Entropy;

/// <summary>Runs of bytes as codecs meet them, from a seed. Made of integers only, so that golden vectors are the same everywhere.</summary>
internal static class Symbols
{
    public static string[] Shapes { get; } = ["uniform", "skewed", "steep", "constant", "two", "rare"];

    public static byte[] Make(string shape, int count, int seed = 1)
    {
        var random = new Random(seed);
        var symbols = new byte[count];
        foreach (ref var symbol in symbols.AsSpan())
        {
            symbol = shape switch
            {
                "uniform" => (byte)random.Next(256),
                "skewed" => (byte)(random.Next(256) * random.Next(256) * random.Next(256) >> 16),
                "steep" => (byte)(random.Next(20) == 0 ? random.Next(6) : 0),
                "constant" => 42,
                "two" => (byte)(random.Next(2) * 255),
                _ => (byte)(random.Next(5000) == 0 ? random.Next(256) : 7),
            };
        }

        return symbols;
    }

    public static double EntropyBytes(ReadOnlySpan<byte> symbols)
    {
        var counts = new double[256];
        foreach (var symbol in symbols) counts[symbol]++;
        var (total, bits) = ((double)symbols.Length, 0.0);
        foreach (var count in counts)
        {
            if (count > 0) bits -= count * Math.Log2(count / total);
        }

        return bits / 8;
    }
}
