using System.Text.RegularExpressions;
using SplitInfer.Exits;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Exits;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Core.Tests.Exits;

public sealed class ExitsFileTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private string Path => _folder["model.exits.json"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_saved_is_loaded() => Sampled.Check(1, 60, random =>
    {
        var saved = RandomExits.Of(random);
        ExitsFile.Save(Path, saved);
        var loaded = ExitsFile.Load(Path);
        Assert.Equal(saved with { Exits = [] }, loaded with { Exits = [] });
        Assert.Equal(saved.Exits.Length, loaded.Exits.Length);
        foreach (var (left, right) in saved.Exits.Zip(loaded.Exits))
        {
            Assert.Equal(left with { Features = [], Weights = default, Biases = default }, right with { Features = [], Weights = default, Biases = default });
            Assert.Equal(left.Features.AsEnumerable(), right.Features);
            Assert.Equal(left.Weights.ToArray(), right.Weights.ToArray());
            Assert.Equal(left.Biases.ToArray(), right.Biases.ToArray());
            Assert.Same(right, loaded.Find(right.Partition));
        }

        Assert.Null(loaded.Find(99));
    });

    [Fact]
    public void Damage_ends_in_one_kind_of_error_or_none() => Sampled.Check(2, 300, random =>
    {
        ExitsFile.Save(Path, RandomExits.Of(random));
        var bytes = File.ReadAllBytes(Path);
        for (var i = random.Next(1, 4); i > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        File.WriteAllBytes(Path, random.Next(4) == 0 ? bytes[..random.Next(bytes.Length)] : bytes);
        try
        {
            ExitsFile.Load(Path);
        }
        catch (InvalidExitsException error)
        {
            Assert.Contains(Path, error.Message, StringComparison.Ordinal);
        }
    });

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("PK\u0003\u0004")]
    [InlineData("""{"format":"splitinfer-calibration","version":1}""")]
    public void What_holds_no_exits_is_refused(string text)
    {
        File.WriteAllText(Path, text);
        Refused("splitinfer exits add");
    }

    [Theory]
    [InlineData("\"version\": 2", "\"version\": 3", "version 3")]
    [InlineData("splitinfer-exits", "something-else", "no exits")]
    [InlineData("\"classes\": 2", "\"classes\": 1", "1 classes")]
    [InlineData("\"classes\": 2", "\"classes\": 3", "bytes for the 3 biases")]
    [InlineData("\"classes\": 2", "\"classes\": 2000000000", "2000000000 classes")]
    [InlineData("\"scores\": \"Logits\"", "\"scores\": 7", "output")]
    [InlineData("\"output\": \"y\"", "\"output\": \"\\u001b[2J\"", "output")]
    [InlineData("\"output\": \"y\"", "\"output\": null", "output")]
    [InlineData("\"partition\": 2", "\"partition\": -2", "exit 1")]
    [InlineData("\"partition\": 2", "\"partition\": 1", "not after")]
    [InlineData("\"temperature\": 0.5", "\"temperature\": 0", "exit 1")]
    [InlineData("\"temperature\": 0.5", "\"temperature\": 1e-300", "exit 1")]
    [InlineData("\"threshold\": 0.75", "\"threshold\": 1.75", "exit 1")]
    [InlineData("\"threshold\": 0.75", "\"threshold\": -0.1", "exit 1")]
    [InlineData("\"place\": 1", "\"place\": 0", "not after")]
    [InlineData("\"type\": \"Float32\"", "\"type\": \"Int64\"", "value 1")]
    [InlineData("\"type\": \"Float32\"", "\"type\": 99", "value 1")]
    [InlineData("\"pooling\": \"Grid\"", "\"pooling\": \"Mean\"", "value 1")]
    [InlineData("\"pooling\": \"Grid\"", "\"pooling\": 5", "value 1")]
    [InlineData("\"rows\": 2", "\"rows\": 5", "value 1")]
    [InlineData("\"rows\": 2", "\"rows\": 0", "value 1")]
    [InlineData("\"rows\": 2", "\"rows\": 1", "weights of exit 1")]
    [InlineData("    4,\n", "    4000000000,\n", "value 1")]
    [InlineData("    4,\n", "    -4,\n", "value 1")]
    [InlineData("\"errors\": 1", "\"errors\": 401", "promises")]
    [InlineData("\"maxLoss\": 0.01", "\"maxLoss\": 0", "promises")]
    [InlineData("\"confidence\": 0.95", "\"confidence\": 1", "promises")]
    [InlineData("\"biases\": \"AACA", "\"biases\": \"AADA", "checksum")]
    [InlineData("\"exitRate\": 0.", "\"exitRate\": 0.0", "checksum")]
    [InlineData("\"biases\": \"AACAPw", "\"biases\": \"AADAfw", "no numbers")]
    [InlineData("\"biases\": \"AACA", "\"biases\": \"*ACA", "damaged")]
    public void What_makes_no_sense_is_refused(string old, string replacement, string word)
    {
        ExitsFile.Save(Path, Two());
        var text = File.ReadAllText(Path).Replace("\r\n", "\n", StringComparison.Ordinal);
        var at = text.LastIndexOf(old, StringComparison.Ordinal);
        File.WriteAllText(Path, string.Concat(text.AsSpan(0, at), replacement, text.AsSpan(at + old.Length)));
        Refused(word);
    }

    [Fact]
    public void A_file_without_a_checksum_is_read_and_so_is_one_that_is_indented_otherwise()
    {
        ExitsFile.Save(Path, Two());
        var text = File.ReadAllText(Path);
        var sum = Regex.Match(text, ",\\s+\"checksum\": \"[0-9a-f]{64}\"");
        Assert.True(sum.Success);
        File.WriteAllText(Path, Regex.Replace(text, "\\n *", "\r\n  "));
        Assert.Equal(2, ExitsFile.Load(Path).Exits.Length);
        File.WriteAllText(Path, text.Remove(sum.Index, sum.Length));
        Assert.Equal(2, ExitsFile.Load(Path).Exits.Length);
    }

    [Fact]
    public void A_file_that_is_missing_or_far_too_large_is_refused()
    {
        Refused("splitinfer exits add");
        using (var file = File.Create(Path)) file.SetLength(100L << 20);
        Refused("bytes");
    }

    [Fact]
    public void What_could_not_be_read_is_not_written()
    {
        var exits = Two();
        Assert.Throws<InvalidExitsException>(() => ExitsFile.Save(Path, exits with { Exits = [exits.Exits[1], exits.Exits[0]] }));
        Assert.Throws<InvalidExitsException>(() => ExitsFile.Save(Path, exits with { Exits = [exits.Exits[0] with { Biases = new float[1] }] }));
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Exits_of_another_model_plan_output_or_boundary_are_refused()
    {
        var plan = WirePlan.Plan;
        var single = WirePlan.PlanOf(1, 2, outputs: 1);
        ModelExit exit = Two().Exits[0] with { Partition = WirePlan.Fixed, Features = [Features("x", new(4))] };
        var exits = Two() with { Model = plan.Model, Plan = plan.Fingerprint, Exits = [exit] };
        exits.RequireFor(single);
        foreach (var foreign in (ModelExits[])
        [
            exits with { Model = WirePlan.Digest(99) }, exits with { Plan = WirePlan.Digest(99) }, exits with { Output = "z" }, exits with { Exits = [exit with { Partition = 99 }] },
            exits with { Exits = [exit with { Partition = WirePlan.Large }] }, exits with { Exits = [exit with { Features = [Features("w", new(4))] }] }, exits with { Exits = [exit with { Features = [Features("x", new(5))] }] },
        ])
            Assert.Contains("splitinfer exits add", Assert.Throws<InvalidExitsException>(() => foreign.RequireFor(single)).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidExitsException>(() => exits.RequireFor(plan));
        Assert.Contains("It is not", Assert.Throws<InvalidExitsException>(() => (exits with { Exits = [exit with { Partition = WirePlan.Inadmissible }] }).RequireFor(single)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ElementType.UInt8, true)]
    [InlineData(ElementType.Float32, false)]
    public void Exits_in_place_of_what_holds_no_scores_are_refused(ElementType type, bool hasClasses)
    {
        var plan = WirePlan.PlanOf(1, 2, outputs: 1);
        var odd = new PartitionPlan
        {
            Model = plan.Model, Fingerprint = plan.Fingerprint, Inputs = plan.Inputs, Partitions = plan.Partitions, Arms = plan.Arms, MeasureFailure = null,
            Outputs = [new("y", type, hasClasses ? [Dimension.Fixed(2)] : [])],
        };
        var exits = Two() with { Model = plan.Model, Plan = plan.Fingerprint, Exits = [Two().Exits[0] with { Partition = WirePlan.Fixed, Features = [Features("x", new(4))] }] };
        Assert.Contains("scores", Assert.Throws<InvalidExitsException>(() => exits.RequireFor(odd)).Message, StringComparison.Ordinal);
    }

    private static ExitFeatures Features(string name, TensorShape shape) => new() { Place = 0, Name = name, Type = ElementType.Float32, Shape = shape, Pooling = ExitPooling.Flat };

    private static ModelExits Two()
    {
        var exits = RandomExits.Of(new(1));
        ModelExit last = exits.Exits[0] with
        {
            Partition = 2, Temperature = 0.5, Threshold = 0.75, Biases = new float[] { 1, 2 }, Weights = new float[2 * (4 + 12)],
            Features = [Features("x", new(4)), new() { Place = 1, Name = "map", Type = ElementType.Float32, Shape = new(1, 3, 4, 4), Pooling = ExitPooling.Grid, Rows = 2, Columns = 2 }],
        };
        return exits with { Classes = 2, Scores = ExitScores.Logits, Exits = [last with { Partition = 1, Features = [Features("x", new(4))], Weights = new float[8] }, last] };
    }

    private void Refused(string word)
    {
        var error = Assert.Throws<InvalidExitsException>(() => ExitsFile.Load(Path));
        Assert.Contains(Path, error.Message, StringComparison.Ordinal);
        Assert.Contains(word, error.Message, StringComparison.Ordinal);
    }
}
