using System.Xml.Linq;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.Samples;

/// <summary>Samples are programs to copy, so they use only what an application can reference.</summary>
public sealed class SampleProjectTests
{
    public static TheoryData<string> Projects { get; } =
        [.. Directory.EnumerateFiles(Repository.PathOf("samples"), "*.csproj", SearchOption.AllDirectories).Select(static project => Path.GetFileNameWithoutExtension(project)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_sample_references_packed_libraries_only(string sample)
    {
        var project = Repository.PathOf($"samples/{sample}/{sample}.csproj");
        string[] references = [.. XDocument.Load(project).Descendants("ProjectReference").Select(reference => Path.GetFullPath((string)reference.Attribute("Include")!, Path.GetDirectoryName(project)!))];
        // What stands in front of servers knows nothing of them.
        if (sample != "Gateway") Assert.NotEmpty(references);
        foreach (var reference in references)
        {
            Assert.StartsWith(Repository.PathOf("src"), reference, StringComparison.Ordinal);
            Assert.Contains("<IsPackable>true</IsPackable>", File.ReadAllText(reference), StringComparison.Ordinal);
        }
    }
}
