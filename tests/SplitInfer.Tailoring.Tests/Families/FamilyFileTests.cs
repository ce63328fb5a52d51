using System.Text.Json;
using SplitInfer.Families;
using SplitInfer.Tailoring.Families;
using SplitInfer.Tailoring.Statistics;
using SplitInfer.Testing;

namespace SplitInfer.Tailoring.Tests.Families;

public sealed class FamilyFileTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_was_saved_is_what_is_loaded()
    {
        var family = Example();
        FamilyFile.Save(_folder["family.json"], family);
        var loaded = FamilyFile.Load(_folder["family.json"]);
        Assert.Equal(family with { Variants = [], Targets = [] }, loaded with { Variants = [], Targets = [] });
        Assert.Equal(family.Targets.ToArray(), loaded.Targets.ToArray());
        var (expected, actual) = (family.Variants[0], loaded.Variants[0]);
        Assert.Equal(expected.Steps.ToArray(), actual.Steps.ToArray());
        Assert.Equal(expected.Times.ToArray(), actual.Times.ToArray());
        Assert.Equal(expected with { Steps = [], Times = [] }, actual with { Steps = [], Times = [] });
    }

    [Theory]
    [InlineData("\"file\": \"a.onnx\"", "\"file\": \"../a.onnx\"", "no file beside it")]
    [InlineData("\"file\": \"a.onnx\"", "\"file\": \"..\"", "no file beside it")]
    [InlineData("\"file\": \"a.onnx\"", "\"file\": \"\"", "no file beside it")]
    [InlineData("\"agreement\": 0.5", "\"agreement\": 1.5", "agreement")]
    [InlineData("\"milliseconds\": 2", "\"milliseconds\": 0", "no times")]
    [InlineData("\"fingerprint\": \"00", "\"fingerprint\": \"zz", "hexadecimal")]
    [InlineData("\"variants\": [", "\"variants\": [ 1,", "")]
    [InlineData("\"variants\": [", "\"variants\": [ null,", "null")]
    [InlineData("\"notMade\": []", "\"notMade\": null", "")]
    [InlineData("\"notMade\": []", "\"notMade\": [ null ]", "null")]
    [InlineData("\"targets\": [", "\"targets\": [ null,", "null")]
    [InlineData("\"targets\": [", "\"targets\": [ {},", "null")]
    [InlineData("\"steps\": [", "\"steps\": [ null,", "null")]
    [InlineData("\"times\": [", "\"times\": [ null,", "no times")]
    [InlineData("\"file\": \"a.onnx\"", "\"file\": null", "")]
    [InlineData("\"name\": \"int8\"", "\"name\": null", "")]
    [InlineData("\"name\": \"phone\"", "\"name\": null", "")]
    [InlineData("\"machine\": \"a machine\"", "\"machine\": null", "")]
    [InlineData("\"machine\": \"a machine\"", "\"machine\": \"a\\u001b[2J\"", "control characters")]
    [InlineData("\"agreementLow\": 0.4", "\"agreementLow\": 1e999", "out of range")]
    [InlineData("\"cosine\": 0.9", "\"cosine\": -5", "out of range")]
    [InlineData("\"cosine\": 0.9", "\"accuracy\": 1e999, \"cosine\": 0.9", "out of range")]
    [InlineData("\"baseMilliseconds\": 3", "\"baseMilliseconds\": 1e999", "no times")]
    [InlineData("{", "", "")]
    public void What_is_no_family_is_refused_in_words(string text, string by, string expected)
    {
        FamilyFile.Save(_folder["family.json"], Example());
        var content = File.ReadAllText(_folder["family.json"]);
        Assert.Contains(text, content, StringComparison.Ordinal);
        var place = content.IndexOf(text, StringComparison.Ordinal);
        File.WriteAllText(_folder["family.json"], content[..place] + by + content[(place + text.Length)..]);
        var error = Assert.Throws<InvalidFamilyException>(() => FamilyFile.Load(_folder["family.json"]));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("splitinfer tailor", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_variants_of_one_name_and_none_are_refused()
    {
        var family = Example();
        AssertRefused(family with { Variants = [family.Variants[0], family.Variants[0]] }, "two variants are named");
        AssertRefused(family with { Variants = [] }, "no variants");
        Assert.Throws<FileNotFoundException>(() => FamilyFile.Load(_folder["none.json"]));
    }

    [Fact]
    public void Variants_are_few_and_each_is_another_model_in_a_file_of_its_own()
    {
        var family = Example();
        AssertRefused(family with { Variants = [.. Enumerable.Range(0, 65).Select(i => Other(i))] }, "65 variants");
        AssertRefused(family with { Variants = [family.Variants[0], Other(1) with { File = "A.onnx" }] }, "in the file");
        AssertRefused(family with { Variants = [family.Variants[0], Other(1) with { Fingerprint = family.Variants[0].Fingerprint }] }, "same model");
        // Two processors may run the same integers.
        FamilyFile.Save(_folder["family.json"], family with { Variants = [family.Variants[0], Other(1) with { Fingerprint = family.Variants[0].Fingerprint, Isa = "arm64" }] });
        FamilyFile.Save(_folder["family.json"], family with { Variants = [.. Enumerable.Range(0, 64).Select(i => Other(i))] });
        Assert.Equal(64, FamilyFile.Load(_folder["family.json"]).Variants.Length);

        FamilyVariant Other(int i) => family.Variants[0] with { Name = $"other{i}", File = $"other{i}.onnx", Fingerprint = new([.. Enumerable.Repeat((byte)(100 + i), Fingerprint.Size)]) };
    }

    [LinuxFact]
    public async Task What_is_no_plain_file_is_refused_and_not_waited_for()
    {
        using var pipe = System.Diagnostics.Process.Start("mkfifo", _folder["pipe"]);
        await pipe.WaitForExitAsync();
        File.CreateSymbolicLink(_folder["link"], "pipe");
        foreach (var path in (string[])[_folder["pipe"], _folder["link"], "/dev/zero"])
        {
            Assert.Contains("plain file", Assert.Throws<InvalidFamilyException>(() => FamilyFile.Load(path)).Message, StringComparison.Ordinal);
            Assert.Contains("plain file", Assert.Throws<InvalidTargetException>(() => TailoringTarget.Load(path)).Message, StringComparison.Ordinal);
            Assert.Contains("plain file", Assert.Throws<InvalidStatisticsException>(() => StatisticsFile.Load(path)).Message, StringComparison.Ordinal);
        }

        using (var holes = new FileStream(_folder["large"], FileMode.CreateNew)) holes.SetLength(1L << 40);
        Assert.Contains("over the", Assert.Throws<InvalidFamilyException>(() => FamilyFile.Load(_folder["large"])).Message, StringComparison.Ordinal);
        Assert.Contains("over the", Assert.Throws<InvalidTargetException>(() => TailoringTarget.Load(_folder["large"])).Message, StringComparison.Ordinal);
        Assert.Contains("over the", Assert.Throws<InvalidStatisticsException>(() => StatisticsFile.Load(_folder["large"])).Message, StringComparison.Ordinal);
    }

    /// <summary>Asserts that a family is neither written nor, where something else wrote it, read.</summary>
    private void AssertRefused(ModelFamily family, string expected)
    {
        Assert.Contains(expected, Assert.Throws<InvalidFamilyException>(() => FamilyFile.Save(_folder["refused.json"], family)).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["refused.json"]));
        File.WriteAllBytes(_folder["written.json"], JsonSerializer.SerializeToUtf8Bytes(family, FamilyContext.Default.ModelFamily));
        Assert.Contains(expected, Assert.Throws<InvalidFamilyException>(() => FamilyFile.Load(_folder["written.json"])).Message, StringComparison.Ordinal);
    }

    private static ModelFamily Example() => new()
    {
        Model = "model.onnx",
        Fingerprint = new(new byte[Fingerprint.Size]),
        Samples = 10,
        Machine = "a machine",
        Variants =
        [
            new()
            {
                Name = "int8", File = "a.onnx", Fingerprint = new([.. Enumerable.Repeat((byte)7, Fingerprint.Size)]), Parent = "float32", Steps = ["one", "two"], Bytes = 100, Times = [new(1, 2, 3)], Agreement = 0.5,
                AgreementLow = 0.4, Cosine = 0.9, IsParetoOptimal = true,
            },
        ],
        Targets = [new("phone", "int8", null), new("watch", null, "too small")],
    };
}
