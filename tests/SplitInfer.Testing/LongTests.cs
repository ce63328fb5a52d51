namespace SplitInfer.Testing;

/// <summary>
/// Tests that take longer than someone waits for them, or that take so much of the machine that tests beside them fail. They run where
/// <see cref="Variable"/> is 1, as the continuous build sets it for a step of their own, and need Linux. Their classes carry the trait
/// <c>Category=Long</c>.
/// </summary>
public static class LongTests
{
    /// <summary>The environment variable.</summary>
    public const string Variable = "SPLITINFER_LONG";

    /// <summary>Why they do not run here; <see langword="null"/> where they run.</summary>
    public static string? Skip { get; } =
        Environment.GetEnvironmentVariable(Variable) != "1" ? $"Takes long. Set {Variable}=1 to run it." :
        !OperatingSystem.IsLinux() ? "Reads /proc, which only Linux has." : null;
}
