using Xunit;

namespace SplitInfer.Testing;

/// <summary>
/// A theory that measures time, so that it needs a machine without other work. It runs where <see cref="Variable"/> is 1, as the continuous build sets it
/// for a step that does nothing else.
/// </summary>
public sealed class TimedTheoryAttribute : TheoryAttribute
{
    /// <summary>The environment variable.</summary>
    public const string Variable = "SPLITINFER_TIMED";

    public TimedTheoryAttribute()
    {
        if (Environment.GetEnvironmentVariable(Variable) != "1") Skip = $"Measures time. Set {Variable}=1 to run it, on a machine that does nothing else.";
    }
}
