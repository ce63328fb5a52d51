using Xunit;

namespace SplitInfer.Testing;

/// <summary>A test of a program that is not ours, and is skipped with a reason where the program is not installed.</summary>
public sealed class CommandFactAttribute : FactAttribute
{
    /// <param name="command">The program's name, as it is typed.</param>
    public CommandFactAttribute(string command)
    {
        if (InstalledCommand.PathOf(command) is null) Skip = $"Runs {command}, which is not installed.";
    }
}
