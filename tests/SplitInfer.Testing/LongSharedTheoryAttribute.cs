using Xunit;

namespace SplitInfer.Testing;

/// <summary>A theory that takes long, see <see cref="LongTests"/>, and needs the shared folder.</summary>
public sealed class LongSharedTheoryAttribute : TheoryAttribute
{
    public LongSharedTheoryAttribute() => Skip = LongTests.Skip ?? SharedData.Missing;
}
