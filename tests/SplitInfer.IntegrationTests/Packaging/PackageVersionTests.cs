using System.Diagnostics;
using System.IO.Compression;
using System.Xml.Linq;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.Packaging;

/// <summary>Packages that see each other's internals are used in one version, or a change of an internal breaks an application at run time.</summary>
public sealed class PackageVersionTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("SplitInfer.Client", "SplitInfer.Core SplitInfer.Policies")]
    [InlineData("SplitInfer.Server", "SplitInfer.Core")]
    [InlineData("SplitInfer.Tailoring", "SplitInfer.Core")]
    [InlineData("SplitInfer.Imaging", "SplitInfer.Core")]
    [InlineData("SplitInfer.Simulation", "SplitInfer.Policies")]
    public async Task A_package_takes_the_others_in_its_own_version(string package, string others)
    {
        var nuspec = (await PackAsync(package)).Root!;
        var version = nuspec.Descendants().First(static e => e.Name.LocalName == "version").Value;
        var taken = nuspec.Descendants().Where(static e => e.Name.LocalName == "dependency").Select(static e => (Id: e.Attribute("id")!.Value, Version: e.Attribute("version")!.Value)).ToList();
        Assert.Equal(others, string.Join(' ', taken.Where(static d => d.Id.StartsWith("SplitInfer.", StringComparison.Ordinal)).Select(static d => d.Id).Order(StringComparer.Ordinal)));
        Assert.All(taken.Where(static d => d.Id.StartsWith("SplitInfer.", StringComparison.Ordinal)), d => Assert.Equal($"[{version}]", d.Version));
    }

    /// <summary>Packs what was built for this test.</summary>
    private async Task<XDocument> PackAsync(string package)
    {
        var configuration = AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Release{Path.DirectorySeparatorChar}", StringComparison.Ordinal) ? "Release" : "Debug";
        string[] arguments = ["pack", Repository.PathOf($"src/{package}"), "--no-build", "--no-restore", "--nologo", "-c", configuration, "-o", _folder.Path];
        using var pack = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true })!;
        var output = await pack.StandardOutput.ReadToEndAsync();
        await pack.WaitForExitAsync();
        Assert.True(pack.ExitCode == 0, output);
        using var archive = ZipFile.OpenRead(Directory.GetFiles(_folder.Path, $"{package}.*.nupkg").Single());
        await using var nuspec = archive.GetEntry($"{package}.nuspec")!.Open();
        return XDocument.Load(nuspec);
    }
}
