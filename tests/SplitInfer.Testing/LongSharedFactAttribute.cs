using Xunit;

namespace SplitInfer.Testing;

/// <summary>A test that takes long, see <see cref="LongTests"/>, and needs the shared folder.</summary>
public sealed class LongSharedFactAttribute : FactAttribute
{
    public LongSharedFactAttribute() => Skip = LongTests.Skip ?? SharedData.Missing;
}
