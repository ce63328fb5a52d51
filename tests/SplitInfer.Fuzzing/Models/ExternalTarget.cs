using System.Diagnostics;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Testing;

namespace SplitInfer.Fuzzing.Models;

/// <summary>The locations, offsets and lengths of external data, in a folder with links, a pipe, a file with holes, and something secret outside.</summary>
internal sealed class ExternalTarget : FuzzTarget
{
    public const string WeightsFile = "weights.bin";

    private static readonly string[] Locations =
        [WeightsFile, "sub/weights.bin", "./weights.bin", "../secret", "sub/../../secret", "link", "linked/secret", "pipe", "holes", "empty", "sub", "", ".", "..", "/etc/passwd", "nowhere", "weights.bin/", "sub//weights.bin", "a\0b", "C:weights.bin", "..\\secret"];

    private static readonly string[] Numbers = ["0", "1", "-1", "64", "480", "481", "4096", "9223372036854775807", "9223372036854775808", "18446744073709551615", "1e3", "", " 8", "+8", "0x10"];

    // One would be enough to tell that a file outside was read.
    private static readonly HashSet<string> Outside = ["../secret", "sub/../../secret", "link", "linked/secret", "/etc/passwd", "..\\secret"];

    private readonly TestFolder _root = new();
    private readonly string _folder;

    public ExternalTarget()
    {
        _folder = Path.GetDirectoryName(_root["models/model.onnx"])!;
        var weights = new byte[4096];
        new Random(1).NextBytes(weights);
        File.WriteAllBytes(_root["secret"], weights);
        File.WriteAllBytes(_root[$"models/{WeightsFile}"], weights);
        File.WriteAllBytes(_root["models/sub/weights.bin"], weights);
        File.WriteAllBytes(_root["models/empty"], []);
        using (var holes = File.Create(_root["models/holes"])) holes.SetLength(1L << 32);
        File.CreateSymbolicLink(_root["models/link"], _root["secret"]);
        Directory.CreateSymbolicLink(_root["models/linked"], _root.Path);
        using var pipe = Process.Start("mkfifo", _root["models/pipe"]);
        pipe.WaitForExit();
    }

    public override string Name => "external";

    public override int ShortInputs => 1000;

    protected override IReadOnlyList<byte[]> Seeds { get; } = [ModelSeeds.WithExternalData()];

    public override bool Documents(Exception error) => error is ModelFormatException or ModelNotSupportedException;

    public override string Take(byte[] input)
    {
        var model = OnnxModel.Parse(input, _folder, new() { MaxExternalBytes = 64 << 20 });
        var files = model.Folder is { } folder && Directory.Exists(folder) ? Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Length : 0;
        // Of a location that is stated twice, the last one counts.
        foreach (var location in ModelProto.Parser.ParseFrom(input).Graph.Initializer.Where(static t => t.DataLocation == TensorProto.Types.DataLocation.External).Select(static t => t.ExternalData.LastOrDefault(static e => e.Key == "location")))
            if (location is not null && Outside.Contains(location.Value)) throw new FuzzFindException($"'{location.Value}' was read, which is outside.");
        GC.KeepAlive(model);
        return $"{files} files";
    }

    protected override void Release() => _root.Dispose();

    protected override byte[] Make(Random random, byte[] seed, byte[] other)
    {
        if (random.Next(4) == 0) return Damage(random, seed, other);
        var model = ModelProto.Parser.ParseFrom(seed);
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            var tensor = model.Graph.Initializer[random.Next(model.Graph.Initializer.Count)];
            var entry = tensor.ExternalData[random.Next(tensor.ExternalData.Count)];
            switch (random.Next(6))
            {
                case 0: tensor.ExternalData.Add(entry.Clone()); break;
                case 1: tensor.Dims.Add(long.MaxValue); break;
                case 2: tensor.DataType = random.Next(30); break;
                default: entry.Value = entry.Key == "location" ? Locations[random.Next(Locations.Length)] : Numbers[random.Next(Numbers.Length)]; break;
            }
        }

        return ModelBytes.Of(model);
    }
}
