using SplitInfer.Families;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Families;
using SplitInfer.Tailoring.Tests.Calibration;
using SplitInfer.Testing;

namespace SplitInfer.Tailoring.Tests.Families;

public sealed class FamilyFolderTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_family_takes_the_place_of_another_and_of_nothing_else()
    {
        Make(SmallNet.Build());
        Assert.Contains("small.float32.onnx", Files());
        File.WriteAllText(_folder["family/notes.onnx"], "kept");
        var first = FamilyFile.Load(_folder["family/family.json"]);
        Make(SmallNet.Build(static (g, x) => g.Relu(g.Add(x, x))));
        var second = Check();
        Assert.NotEqual(first.Variants[0].Fingerprint, second.Variants[0].Fingerprint);
        Assert.Equal(((string[])[FamilyFile.Name, "notes.onnx", .. second.Variants.Select(static v => v.File)]).Order(), Files().Order());
        // The plain names are free again.
        Make(SmallNet.Build());
        Assert.Contains(Check().Variants, static v => v.File == "small.float32.onnx");
    }

    [Fact]
    public void A_family_that_cannot_be_finished_leaves_the_folder_as_it_was()
    {
        Make(SmallNet.Build());
        File.Delete(_folder["family/family.json"]);
        File.WriteAllText(_folder["family/family.json/inside"], "kept");
        var before = Contents();
        Assert.ThrowsAny<Exception>(() => Make(SmallNet.Build(static (g, x) => g.Relu(g.Add(x, x)))));
        Assert.Equal(before, Contents());
    }

    [LinuxFact]
    public void Links_are_not_followed()
    {
        File.WriteAllText(_folder["precious"], "precious");
        foreach (var link in (string[])["family.json", "family.json.new", "small.float32.onnx", "small.float32.onnx.new", "small.int8.onnx.new"])
            File.CreateSymbolicLink(_folder[$"family/{link}"], "../precious");
        File.CreateSymbolicLink(_folder["family/small.int8.onnx"], "../absent");
        Make(SmallNet.Build());
        Assert.Equal("precious", File.ReadAllText(_folder["precious"]));
        Assert.False(File.Exists(_folder["absent"]));
        Check();
    }

    private void Make(OnnxModel model, params TailoringTarget[] targets) =>
        ModelTailor.CreateSuite(model, PartitionedModel.From(model).Plan.Inputs, targets, new MemorySamples(2), _folder["family"].TrimEnd('/'), new() { Timing = new() { TimingRounds = 3, TimingBudget = default } });

    /// <summary>Loads the family, each model of which has to be what it says.</summary>
    private ModelFamily Check()
    {
        var family = FamilyFile.Load(_folder["family/family.json"]);
        foreach (var variant in family.Variants) Assert.Equal(variant.Fingerprint, OnnxModel.Load(_folder[$"family/{variant.File}"]).Fingerprint);
        return family;
    }

    private HashSet<string> Files() => [.. Directory.EnumerateFileSystemEntries(_folder["family"]).Select(static path => Path.GetFileName(path))];

    private SortedDictionary<string, string> Contents() =>
        new(Directory.EnumerateFiles(_folder["family"], "*", SearchOption.AllDirectories).ToDictionary(static path => path, static path => Convert.ToBase64String(File.ReadAllBytes(path))), StringComparer.Ordinal);
}
