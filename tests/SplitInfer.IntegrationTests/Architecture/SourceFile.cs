using System.Text.RegularExpressions;

namespace SplitInfer.IntegrationTests.Architecture;

/// <summary>A source file, as far as dependencies can be read from it.</summary>
/// <param name="Path">Relative to the source folder, with forward slashes.</param>
/// <param name="Room">The room that it lies in, such as <c>Core/Tensors</c>, or <c>Core</c> for the project's own folder.</param>
/// <param name="Namespace">Its namespace; empty where it declares none.</param>
/// <param name="Code">Its text without comments and literals; of interpolated strings the code between braces stays.</param>
internal sealed partial record SourceFile(string Path, string Room, string Namespace, string Code)
{
    private const string Product = "SplitInfer.";

    /// <summary>The namespaces and types named by <c>using</c> directives.</summary>
    public IEnumerable<string> Usings => Using().Matches(Code).Select(static m => m.Groups[1].Value);

    /// <summary>Names of the types that it declares.</summary>
    public IEnumerable<string> Types => Declaration().Matches(Code).Select(static m => m.Groups[1].Value);

    /// <summary>Every identifier in upper case.</summary>
    public IEnumerable<string> Words => Word().Matches(Code).Select(static m => m.Value).Distinct();

    /// <summary>Every name with dots in it, such as <c>Policies.Arm</c>.</summary>
    public IEnumerable<string> DottedNames => Dotted().Matches(Code).Select(static m => m.Value).Distinct();

    /// <summary>Its own namespace and those around it, the nearest first: C# sees what they declare without a <c>using</c>.</summary>
    public IEnumerable<string> Around
    {
        get
        {
            for (var space = Namespace; space.Length > 0; space = Parent(space)) yield return space;
        }
    }

    /// <summary>All source files below a folder of projects, but for what a build has made.</summary>
    public static IReadOnlyList<SourceFile> ReadAll(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Select(file => System.IO.Path.GetRelativePath(folder, file).Replace('\\', '/'))
            .Where(static path => !path.Split('/').Any(static part => part is "obj" or "bin"))
            .Order(StringComparer.Ordinal)
            .Select(path => Read(path, File.ReadAllText(System.IO.Path.Combine(folder, path))))];

    /// <summary>What a dotted name loses its last part to; empty without a dot.</summary>
    public static string Parent(string name) => name.LastIndexOf('.') is > 0 and var dot ? name[..dot] : "";

    private static SourceFile Read(string path, string text)
    {
        var code = Ignored().Replace(text, static m => m.Value[0] == '$' ? string.Join(' ', Hole().Matches(m.Value).Select(static h => h.Value)) : "");
        return new(path, RoomOf(path), NamespaceDeclaration().Match(code).Groups[1].Value, code);
    }

    private static string RoomOf(string path)
    {
        var parts = path.Split('/');
        var project = parts[0].StartsWith(Product, StringComparison.Ordinal) ? parts[0][Product.Length..] : parts[0];
        return parts.Length > 2 ? $"{project}/{parts[1]}" : project;
    }

    [GeneratedRegex("""
        //.*|/\*[\s\S]*?\*/|\$*"{3}[\s\S]*?"{3}|(?:\$@|@\$|@)"(?:""|[^"])*"|\$?"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'
        """)]
    private static partial Regex Ignored();

    [GeneratedRegex(@"\{[^{}]*\}")]
    private static partial Regex Hole();

    [GeneratedRegex(@"^\s*namespace\s+([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex NamespaceDeclaration();

    [GeneratedRegex(@"^\s*(?:global\s+)?using\s+(?:static\s+)?(?:\w+\s*=\s*)?([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex Using();

    [GeneratedRegex(@"\b(?:class|struct|interface|enum|record(?:\s+struct|\s+class)?|delegate\s+[\w<>\[\],?. ]+?)\s+(\w+)")]
    private static partial Regex Declaration();

    [GeneratedRegex(@"\b[A-Z]\w+\b")]
    private static partial Regex Word();

    [GeneratedRegex(@"(?<![\w.])[A-Z]\w*(?:\.[A-Z]\w*)+")]
    private static partial Regex Dotted();
}
