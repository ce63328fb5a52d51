using Xunit;

namespace SplitInfer.Testing;

/// <summary>A theory that takes long; see <see cref="LongTests"/>.</summary>
public sealed class LongTheoryAttribute : TheoryAttribute
{
    public LongTheoryAttribute() => Skip = LongTests.Skip;
}
