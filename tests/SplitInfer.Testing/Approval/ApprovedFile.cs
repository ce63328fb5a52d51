namespace SplitInfer.Testing;

/// <summary>
/// Text that somebody has looked at and committed, to be compared with what the code produces now. With the environment
/// variable <c>SPLITINFER_APPROVE=1</c> the tests write the new text instead; look at it with <c>git diff</c> before committing.
/// </summary>
/// <param name="path">Where it is, relative to the repository's root, with forward slashes.</param>
public sealed class ApprovedFile(string path)
{
    private const string Variable = "SPLITINFER_APPROVE";

    /// <summary>What a failing test tells its reader to do when the change is meant.</summary>
    public const string HowToApprove = $"If this is meant, run the test with {Variable}=1 and commit the file that it writes.";

    /// <summary>Whether the tests write approved files rather than compare with them.</summary>
    public static bool IsApproving { get; } = Environment.GetEnvironmentVariable(Variable) == "1";

    /// <summary>Where it is, relative to the repository's root.</summary>
    public string Path { get; } = path;

    /// <summary>The committed text with line feeds only, or nothing where there is no file yet.</summary>
    public string Read()
    {
        var full = Repository.PathOf(Path);
        return File.Exists(full) ? File.ReadAllText(full).ReplaceLineEndings("\n") : "";
    }

    /// <summary>Replaces the committed text.</summary>
    public void Write(string text)
    {
        var full = Repository.PathOf(Path);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }

    /// <summary>Writes <paramref name="actual"/> if the tests approve; otherwise compares it with the committed text.</summary>
    /// <returns>The first line that differs, in words, and what to do; null where the texts are equal or were made so.</returns>
    public string? Difference(string actual)
    {
        if (IsApproving)
        {
            Write(actual);
            return null;
        }

        var (approved, now) = (Read().Split('\n'), actual.Split('\n'));
        var line = 0;
        while (line < approved.Length && line < now.Length && approved[line] == now[line]) line++;
        if (line == approved.Length && line == now.Length) return null;
        return $"""
            {Path}, line {line + 1} differs.
              approved: {LineOf(approved, line)}
              now:      {LineOf(now, line)}
            {HowToApprove}
            """;
    }

    private static string LineOf(string[] lines, int index) => index < lines.Length ? lines[index] : "(the text ends before this line)";
}
