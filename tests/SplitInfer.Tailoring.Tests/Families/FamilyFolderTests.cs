using SplitInfer.Families;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Families;
using SplitInfer.Tailoring.Tests.Calibration;
using SplitInfer.Tensors;
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
    public void A_model_that_is_tailored_stays_though_it_was_of_an_earlier_family()
    {
        Make(SmallNet.Build());
        var path = _folder["family/small.float32.onnx"];
        Make(OnnxModel.Load(path));
        Assert.True(File.Exists(path));
        Assert.Equal("small.float32.onnx", Check().Model);
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

    [Fact]
    public void What_a_model_calls_its_values_and_its_file_is_shown_without_control_characters()
    {
        const string name = "resized\u001b[2J";
        var g = new GraphBuilder(opset: 10);
        g.Output(g.Node("Relu", [g.Node("Resize", [g.Input("x", ElementType.Float32, 1, 3, 4, 4), g.Initializer(TensorValue.From<float>([1, 1, 2, 0.5f], 4))])]), "y");
        var proto = ModelProto.Parser.ParseFrom(g.ToBytes());
        proto.Graph.Node.Single(static n => n.OpType == "Resize").Output[0] = name;
        proto.Graph.Node.Single(static n => n.OpType == "Relu").Input[0] = name;
        using var bytes = new MemoryStream();
        Google.Protobuf.MessageExtensions.WriteTo(proto, bytes);
        Make(OnnxModel.Parse(bytes.ToArray(), source: "odd\u0007.onnx"));
        var family = Check();
        Assert.Contains(family.Variants[0].Steps, static step => step.Contains("Resize 'resized\uFFFD[2J'", StringComparison.Ordinal));
        Assert.Equal("odd_.float32.onnx", family.Variants[0].File);
    }

    [Fact]
    public void A_target_with_a_control_character_is_refused_before_anything_is_made()
    {
        var error = Assert.Throws<InvalidTargetException>(() => Make(SmallNet.Build(), new TailoringTarget { Name = "pho\u001bne" }));
        Assert.Contains("control character", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(error.Message, char.IsControl);
        Assert.False(Directory.Exists(Path.Combine(_folder.Path, "family")));
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
