using Xunit;

namespace SplitInfer.Testing;

/// <summary>A test that takes long; see <see cref="LongTests"/>.</summary>
public sealed class LongFactAttribute : FactAttribute
{
    public LongFactAttribute() => Skip = LongTests.Skip;
}
