using SplitInfer.IntegrationTests.PublicApi;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.Packaging;

/// <summary>A package is all that most people see of the project, so it explains itself, can be debugged and tells nothing of the machine that made it.</summary>
[Collection(PackedLibraries.Name)]
[Trait("Category", "Long")]
public sealed class PackageContentTests(PackedLibraries packed)
{
    [LongTheory]
    [MemberData(nameof(PublicApiTests.Libraries), MemberType = typeof(PublicApiTests))]
    public async Task A_package_explains_itself(string package)
    {
        var library = await packed.GetAsync(package);
        var nuspec = await library.ReadAsync();
        Assert.Equal(package, nuspec["id"].First().Value);
        Assert.NotEqual("Package Description", nuspec["description"].Single().Value);
        Assert.Equal("MIT", nuspec["license"].Single().Value);
        Assert.Contains("onnx", nuspec["tags"].Single().Value.Split(' '));
        var entries = PackedLibrary.EntriesOf(library.File);
        Assert.Contains(nuspec["readme"].Single().Value, entries);
        Assert.Contains(nuspec["icon"].Single().Value, entries);
        Assert.Contains($"lib/net10.0/{package}.xml", entries);
    }

    [LongTheory]
    [MemberData(nameof(PublicApiTests.Libraries), MemberType = typeof(PublicApiTests))]
    public async Task Symbols_lie_beside_a_package_and_not_in_it(string package)
    {
        var library = await packed.GetAsync(package);
        Assert.Contains($"lib/net10.0/{package}.pdb", PackedLibrary.EntriesOf(Assert.Single(library.Symbols)));
        Assert.DoesNotContain($"lib/net10.0/{package}.pdb", PackedLibrary.EntriesOf(library.File));
    }

    [LongTheory]
    [MemberData(nameof(PublicApiTests.Libraries), MemberType = typeof(PublicApiTests))]
    public async Task The_address_that_a_clone_came_from_is_not_published(string package)
    {
        var repository = (await (await packed.GetAsync(package)).ReadAsync())["repository"].SingleOrDefault();
        Assert.Null(repository?.Attribute("url"));
    }

    [LongTheory]
    [InlineData("SplitInfer.Client", "Microsoft.ML.OnnxRuntime")]
    [InlineData("SplitInfer.Server", "Microsoft.ML.OnnxRuntime")]
    [InlineData("SplitInfer.Core", "Microsoft.ML.OnnxRuntime.Managed")]
    public async Task The_engine_comes_along(string package, string engine)
    {
        var dependencies = (await (await packed.GetAsync(package)).ReadAsync())["dependency"];
        Assert.Equal(engine, dependencies.Select(static e => e.Attribute("id")!.Value).Single(static id => id.StartsWith("Microsoft.ML.OnnxRuntime", StringComparison.Ordinal)));
    }

    [LongFact]
    public async Task Packing_twice_gives_the_same_bytes()
    {
        using var folder = new TestFolder();
        var (first, again) = (await packed.GetAsync("SplitInfer.Policies"), await PackedLibraries.PackAsync("SplitInfer.Policies", folder.Path));
        Assert.Equal(await File.ReadAllBytesAsync(first.File), await File.ReadAllBytesAsync(again.File));
        Assert.Equal(await File.ReadAllBytesAsync(first.Symbols.Single()), await File.ReadAllBytesAsync(again.Symbols.Single()));
    }
}
