using SplitInfer.Exits;
using SplitInfer.Testing.Exits;

namespace SplitInfer.Fuzzing.Files;

/// <summary>The reader of exits, and the heads that it makes, on a boundary of the sizes that the file states where these are small.</summary>
internal sealed class ExitsTarget() : FileTarget("exits.json")
{
    private const long MostElements = 1 << 16;

    private const int MostPlaces = 64;

    public override string Name => "exits";

    public override int ShortInputs => 1000;

    protected override IReadOnlyList<byte[]> Seeds { get; } = [.. Enumerable.Range(1, 6).Select(static seed => Written(path => ExitsFile.Save(path, RandomExits.Of(new(seed))), "exits.json"))];

    public override bool Documents(Exception error) => error is InvalidExitsException;

    protected override string Read(string path)
    {
        var exits = ExitsFile.Load(path);
        var answers = 0;
        foreach (var exit in exits.Exits)
        {
            if (exit.Features.Any(static value => value.Place >= MostPlaces || value.Shape.ElementCount > MostElements)) continue;
            var boundary = RandomExits.BoundaryOf(new(1), exit);
            var answer = new ExitHead(exits, exit).Evaluate(boundary, new float[exits.Classes]);
            foreach (var tensor in boundary) tensor.Dispose();
            if (answer.Class < 0 || answer.Class >= exits.Classes || !(answer.Confidence is >= 0 and <= 1)) throw new FuzzFindException($"It answers class {answer.Class} of {exits.Classes} with a confidence of {answer.Confidence}.");
            answers++;
        }

        return $"{answers} answers";
    }

    // Digits and names that are changed keep the file one that can be parsed, so that the checks behind are reached.
    protected override byte[] Make(Random random, byte[] seed, byte[] other)
    {
        if (random.Next(4) == 0) return Damage(random, seed, other);
        byte[] bytes = [.. seed];
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            var place = random.Next(bytes.Length);
            while (place < bytes.Length && bytes[place] is < (byte)'0' or > (byte)'9') place++;
            if (place < bytes.Length) bytes[place] = (byte)('0' + random.Next(10));
        }

        return bytes;
    }
}
