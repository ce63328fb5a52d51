using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.Packaging;

/// <summary>Packages that see each other's internals are used in one version, or a change of an internal breaks an application at run time.</summary>
[Collection(PackedLibraries.Name)]
[Trait("Category", "Long")]
public sealed class PackageVersionTests(PackedLibraries packed)
{
    [LongTheory]
    [InlineData("SplitInfer.Client", "SplitInfer.Core SplitInfer.Policies")]
    [InlineData("SplitInfer.Emulation", "SplitInfer.Client")]
    [InlineData("SplitInfer.Server", "SplitInfer.Core SplitInfer.Policies")]
    [InlineData("SplitInfer.AspNetCore", "SplitInfer.Server")]
    [InlineData("SplitInfer.Tailoring", "SplitInfer.Core")]
    [InlineData("SplitInfer.Imaging", "SplitInfer.Core")]
    [InlineData("SplitInfer.Fleet", "SplitInfer.Core SplitInfer.Policies")]
    [InlineData("SplitInfer.Simulation", "SplitInfer.Policies")]
    public async Task A_package_takes_the_others_in_its_own_version(string package, string others)
    {
        var nuspec = await (await packed.GetAsync(package)).ReadAsync();
        var version = nuspec["version"].First().Value;
        var taken = nuspec["dependency"].Select(static e => (Id: e.Attribute("id")!.Value, Version: e.Attribute("version")!.Value)).Where(static d => d.Id.StartsWith("SplitInfer.", StringComparison.Ordinal)).ToList();
        Assert.Equal(others, string.Join(' ', taken.Select(static d => d.Id).Order(StringComparer.Ordinal)));
        Assert.All(taken, d => Assert.Equal($"[{version}]", d.Version));
    }
}
