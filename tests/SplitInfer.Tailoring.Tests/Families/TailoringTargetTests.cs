using SplitInfer.Tailoring.Families;
using SplitInfer.Testing;

namespace SplitInfer.Tailoring.Tests.Families;

public sealed class TailoringTargetTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("""[{"name":"a","maxMs":20,"maxBytes":1.5e6,"minAgreement":0.97,"threads":2,"isa":"x64"},{"name":"b"}]""")]
    [InlineData("""{"targets":[{"name":"a","maxMs":20,"maxBytes":1.5e6,"minAgreement":0.97,"threads":2,"isa":"x64"},{"name":"b",},]} // two""")]
    public void Targets_are_read_with_their_defaults(string text)
    {
        File.WriteAllText(_folder["targets.json"], text);
        Assert.Equal([new() { Name = "a", MaxMs = 20, MaxBytes = 1.5e6, MinAgreement = 0.97, Threads = 2, Isa = "x64" }, new() { Name = "b", Threads = 1 }], TailoringTarget.Load(_folder["targets.json"]).ToArray());
    }

    [Theory]
    [InlineData("""[]""", "no targets")]
    [InlineData("""{}""", "no targets")]
    [InlineData("""[{"maxMs":20}]""", "name")]
    [InlineData("""[{"name":"a","maxMillis":20}]""", "maxMillis")]
    [InlineData("""[{"name":"a","maxMs":"20 ms"}]""", "maxMs")]
    [InlineData("""phone""", "no targets")]
    [InlineData("""[null]""", "null")]
    [InlineData("""{"targets":[{"name":"a"},null]}""", "null")]
    public void What_is_no_target_is_refused_in_words(string text, string expected)
    {
        File.WriteAllText(_folder["targets.json"], text);
        var error = Assert.Throws<InvalidTargetException>(() => TailoringTarget.Load(_folder["targets.json"]));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_target_is_stricter_than_another_where_it_is_in_nothing_looser()
    {
        var loose = new TailoringTarget { Name = "loose", MaxMs = 20, MinAgreement = 0.9 };
        Assert.True((loose with { MaxMs = 10 }).IsAtLeastAsStrictAs(loose));
        Assert.True((loose with { MaxBytes = 10 }).IsAtLeastAsStrictAs(loose));
        Assert.True(loose.IsAtLeastAsStrictAs(loose));
        Assert.False((loose with { MaxMs = 10, MinAgreement = 0.8 }).IsAtLeastAsStrictAs(loose));
        Assert.False((loose with { Threads = 2 }).IsAtLeastAsStrictAs(loose));
        Assert.False((loose with { Isa = "arm64" }).IsAtLeastAsStrictAs(loose));
    }
}
