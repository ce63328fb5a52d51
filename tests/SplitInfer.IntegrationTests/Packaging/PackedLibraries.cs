using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO.Compression;
using System.Xml.Linq;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.Packaging;

/// <summary>The libraries that were built for these tests, each packed when a test first asks for it.</summary>
[CollectionDefinition(Name)]
public sealed class PackedLibraries : ICollectionFixture<PackedLibraries>, IDisposable
{
    public const string Name = "packed libraries";

    private readonly TestFolder _folder = new();
    private readonly ConcurrentDictionary<string, Lazy<Task<PackedLibrary>>> _packed = [];

    public void Dispose() => _folder.Dispose();

    public Task<PackedLibrary> GetAsync(string package) => _packed.GetOrAdd(package, name => new(() => PackAsync(name, Path.Combine(_folder.Path, name)))).Value;

    /// <summary>Packs a library into a folder.</summary>
    public static async Task<PackedLibrary> PackAsync(string package, string folder)
    {
        var configuration = AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Release{Path.DirectorySeparatorChar}", StringComparison.Ordinal) ? "Release" : "Debug";
        string[] arguments = ["pack", Repository.PathOf($"src/{package}"), "--no-build", "--no-restore", "--nologo", "-c", configuration, "-o", folder];
        using var pack = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true })!;
        var output = await pack.StandardOutput.ReadToEndAsync();
        await pack.WaitForExitAsync();
        Assert.True(pack.ExitCode == 0, output);
        return new(package, Directory.GetFiles(folder, $"{package}.*.nupkg").Single(), Directory.GetFiles(folder, $"{package}.*.snupkg"));
    }
}

/// <summary>A package as it lies in a feed.</summary>
/// <param name="Id">Its id.</param>
/// <param name="File">The package.</param>
/// <param name="Symbols">The packages of its symbols.</param>
public sealed record PackedLibrary(string Id, string File, string[] Symbols)
{
    /// <summary>What the package says of itself, by the names of the elements.</summary>
    public async Task<ILookup<string, XElement>> ReadAsync()
    {
        using var archive = ZipFile.OpenRead(File);
        await using var nuspec = archive.GetEntry($"{Id}.nuspec")!.Open();
        return XDocument.Load(nuspec).Root!.Descendants().ToLookup(static element => element.Name.LocalName);
    }

    /// <summary>The names of what lies in a package.</summary>
    public static HashSet<string> EntriesOf(string package)
    {
        using var archive = ZipFile.OpenRead(package);
        return [.. archive.Entries.Select(static entry => entry.FullName)];
    }
}
