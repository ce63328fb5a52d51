using System.Text.RegularExpressions;
using System.Xml.Linq;
using SplitInfer.Testing;

namespace SplitInfer.Documentation;

/// <summary>The image restores its packages in a layer of its own, which must have all projects that the tool needs, or every change of code restores them again.</summary>
public sealed partial class DockerfileTests
{
    [Fact]
    public void The_projects_that_are_restored_are_those_that_the_tool_needs()
    {
        var needed = new HashSet<string>();
        Add("src/SplitInfer.Cli/SplitInfer.Cli.csproj");
        var copied = Copied().Matches(File.ReadAllText(Repository.PathOf("deploy/Dockerfile"))).Select(static match => match.Groups[1].Value);
        Assert.Equal(needed.Order(), copied.Order());

        void Add(string project)
        {
            if (!needed.Add(project)) return;
            foreach (var reference in XDocument.Load(Repository.PathOf(project)).Descendants("ProjectReference"))
            {
                var name = Path.GetFileName(((string)reference.Attribute("Include")!).Replace('\\', '/'));
                Add($"src/{Path.GetFileNameWithoutExtension(name)}/{name}");
            }
        }
    }

    [GeneratedRegex(@"^COPY (src/\S+\.csproj) ", RegexOptions.Multiline)]
    private static partial Regex Copied();
}
