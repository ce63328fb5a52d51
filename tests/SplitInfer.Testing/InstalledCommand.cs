namespace SplitInfer.Testing;

/// <summary>Programs of this machine.</summary>
public static class InstalledCommand
{
    // Daemons of Debian are here, which is in nobody's path but root's.
    private const string Daemons = "/usr/sbin";

    /// <summary>Where a program is; null where it is not installed.</summary>
    public static string? PathOf(string command) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Append(Daemons).Select(folder => Path.Combine(folder, command)).FirstOrDefault(File.Exists);
}
