using Xunit;

namespace SplitInfer.Testing;

/// <summary>A test that starts a program of somebody else's, and skips where that is not installed.</summary>
public sealed class ProgramFactAttribute : FactAttribute
{
    /// <param name="program">The program's name.</param>
    public ProgramFactAttribute(string program)
    {
        if (!OperatingSystem.IsLinux()) Skip = "Starts servers and reads /proc, as on Linux.";
        else if (PathOf(program) is null) Skip = $"Needs the program {program}, which is not installed.";
    }

    /// <summary>Where a program is; null where it is not installed. Programs for administrators are found as well.</summary>
    public static string? PathOf(string program) =>
        $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin".Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
