using Xunit;

namespace SplitInfer.Testing;

/// <summary>A test that reads <c>/proc</c>, and is skipped with a reason where there is none.</summary>
public sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute()
    {
        if (!OperatingSystem.IsLinux()) Skip = "Reads /proc, which only Linux has.";
    }
}
