using System.Text;
using FsCheck;
using FsCheck.Fluent;
using SplitInfer.Calibration;
using SplitInfer.Testing;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Core.Tests.Calibration;

public sealed class CalibrationFileTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private string Path => _folder["model.calibration.json"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_saved_is_loaded() => Check(1, 60, random =>
    {
        var saved = Random(random);
        CalibrationFile.Save(Path, saved);
        var loaded = CalibrationFile.Load(Path);
        Assert.Equal((saved.Model, saved.Plan, saved.Samples), (loaded.Model, loaded.Plan, loaded.Samples));
        Assert.Equal(saved.Entries.AsEnumerable(), loaded.Entries);
        Assert.All(saved.Entries, entry => Assert.Equal(entry, loaded.Find(entry.Partition, entry.Codec)));
        Assert.Null(loaded.Find(99, "Raw"));
    });

    [Fact]
    public void Damage_ends_in_one_kind_of_error_or_none() => Check(2, 300, random =>
    {
        CalibrationFile.Save(Path, Random(random));
        var bytes = File.ReadAllBytes(Path);
        for (var i = random.Next(1, 4); i > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        File.WriteAllBytes(Path, random.Next(4) == 0 ? bytes[..random.Next(bytes.Length)] : bytes);
        try
        {
            CalibrationFile.Load(Path);
        }
        catch (InvalidCalibrationException error)
        {
            Assert.Contains(Path, error.Message, StringComparison.Ordinal);
        }
    });

    [Fact]
    public void A_file_is_replaced_whole_and_nothing_else_is_left()
    {
        CalibrationFile.Save(Path, Random(new(1)));
        CalibrationFile.Save(Path, Random(new(2)));
        Assert.Equal(Random(new(2)).Entries.AsEnumerable(), CalibrationFile.Load(Path).Entries);
        Assert.Equal([Path], Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("PK\u0003\u0004")]
    [InlineData("""{"name":"a scenario","frames":3}""")]
    public void What_is_no_calibration_is_refused(string text)
    {
        File.WriteAllText(Path, text);
        Refused("splitinfer calibrate");
    }

    [Theory]
    [InlineData("\"version\": 1", "\"version\": 2", "version 2")]
    [InlineData("splitinfer-calibration", "something-else", "no calibration")]
    [InlineData("0707", "07", "SHA-256")]
    [InlineData("0707", "xx07", "SHA-256")]
    [InlineData("\"samples\": 20", "\"samples\": 0", "0 samples")]
    [InlineData("\"ratio\": 4.5", "\"ratio\": -4.5", "entry 1")]
    [InlineData("\"ratio\": 4.5", "\"ratio\": \"NaN\"", "entry 1")]
    [InlineData("\"agreement\": 0.75", "\"agreement\": 1.75", "entry 1")]
    [InlineData("\"agreement\": 0.75", "\"agreement\": \"NaN\"", "entry 1")]
    [InlineData("\"outputError\": 0.5", "\"outputError\": -0.5", "entry 1")]
    [InlineData("\"partition\": 7", "\"partition\": -7", "entry 1")]
    [InlineData("\"codec\": \"Quantized4\"", "\"codec\": \"\"", "entry 1")]
    [InlineData("\"codec\": \"Quantized4\"", "\"codec\": null", "codec")]
    [InlineData("\"codec\": \"Quantized4\",", "", "codec")]
    [InlineData("\"partition\": 7", "\"partition\": 3", "entry 1")]
    public void What_makes_no_sense_is_refused(string old, string replacement, string word)
    {
        CalibrationFile.Save(Path, new(WirePlan.Digest(7), WirePlan.Digest(8), 20, [Entry(3, "Quantized4", 0.5), Entry(7, "Quantized4", 0.75) with { Ratio = 4.5, OutputError = 0.5 }]));
        var text = File.ReadAllText(Path);
        var at = text.LastIndexOf(old, StringComparison.Ordinal);
        File.WriteAllText(Path, string.Concat(text.AsSpan(0, at), replacement, text.AsSpan(at + old.Length)));
        Refused(word);
    }

    [Fact]
    public void A_file_that_is_missing_or_far_too_large_is_refused()
    {
        Refused("splitinfer calibrate");
        using (var file = File.Create(Path)) file.SetLength(100L << 20);
        Refused("bytes");
    }

    [Fact]
    public void A_calibration_of_another_model_or_plan_is_refused()
    {
        var plan = WirePlan.Plan;
        new ModelCalibration(plan.Model, plan.Fingerprint, 1, [Entry(3, "Raw", 1)]).RequireFor(plan);
        foreach (var foreign in (ModelCalibration[])
        [
            new(WirePlan.Digest(99), plan.Fingerprint, 1, []), new(plan.Model, WirePlan.Digest(99), 1, []), new(plan.Model, plan.Fingerprint, 1, [Entry(plan.Partitions.Length, "Raw", 1)]),
        ])
            Assert.Contains("splitinfer calibrate", Assert.Throws<InvalidCalibrationException>(() => foreign.RequireFor(plan)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.99, 5, true)]
    [InlineData(0.98, 0, false)]
    [InlineData(null, 0.01, true)]
    [InlineData(null, 0.02, false)]
    [InlineData(null, double.PositiveInfinity, false)]
    public void Agreement_decides_and_else_the_error(double? agreement, double error, bool isWithin) =>
        Assert.Equal(isWithin, (Entry(1, "Quantized4", agreement) with { OutputError = error }).IsWithin(0.99));

    private void Refused(string word)
    {
        var error = Assert.Throws<InvalidCalibrationException>(() => CalibrationFile.Load(Path));
        Assert.Contains(Path, error.Message, StringComparison.Ordinal);
        Assert.Contains(word, error.Message, StringComparison.Ordinal);
    }

    private static CalibrationEntry Entry(int partition, string codec, double? agreement) => new()
    {
        Partition = partition, Codec = codec, Ratio = 3, Agreement = agreement, OutputError = 0, EncodeGBs = 1, DecodeGBs = 2, PayloadBytes = 100,
    };

    private static ModelCalibration Random(Random random) => new(
        WirePlan.Digest((byte)random.Next(256)), WirePlan.Digest((byte)random.Next(256)), random.Next(1, 1000),
        Enumerable.Range(0, random.Next(6)).Select(partition => new CalibrationEntry
        {
            Partition = partition * 3,
            Codec = Encoding.UTF8.GetString([.. Enumerable.Range(0, random.Next(1, 20)).Select(_ => (byte)random.Next(32, 127))]),
            Ratio = random.NextDouble() * 100,
            Agreement = random.Next(3) == 0 ? null : random.NextDouble(),
            OutputError = random.Next(5) == 0 ? double.PositiveInfinity : random.NextDouble(),
            EncodeGBs = random.NextDouble() * 50,
            DecodeGBs = random.NextDouble() * 50,
            PayloadBytes = random.NextDouble() * 1e6,
        }));

    private static void Check(ulong seed, int count, Action<Random> property) =>
        FsCheck.Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(count).WithReplay(seed, 1),
            Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), caseSeed => property(new Random(caseSeed))));
}
