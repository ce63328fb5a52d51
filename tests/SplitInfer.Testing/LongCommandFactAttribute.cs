using Xunit;

namespace SplitInfer.Testing;

/// <summary>A test of a program that is not ours, as <see cref="CommandFactAttribute"/>, that takes long; see <see cref="LongTests"/>.</summary>
public sealed class LongCommandFactAttribute : FactAttribute
{
    /// <param name="command">The program's name, as it is typed.</param>
    public LongCommandFactAttribute(string command) => Skip = LongTests.Skip ?? (InstalledCommand.PathOf(command) is null ? $"Runs {command}, which is not installed." : null);
}
