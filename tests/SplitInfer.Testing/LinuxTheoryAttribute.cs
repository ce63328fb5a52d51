using Xunit;

namespace SplitInfer.Testing;

/// <summary>A theory that reads <c>/proc</c>, and is skipped with a reason where there is none.</summary>
public sealed class LinuxTheoryAttribute : TheoryAttribute
{
    public LinuxTheoryAttribute()
    {
        if (!OperatingSystem.IsLinux()) Skip = "Reads /proc, which only Linux has.";
    }
}
