using Xunit;

namespace SplitInfer.Testing;

/// <summary>A test that needs the shared folder, and is skipped with a reason where there is none.</summary>
public sealed class SharedFactAttribute : FactAttribute
{
    /// <summary>Looks for the folder.</summary>
    public SharedFactAttribute() => Skip = SharedData.Missing;
}

/// <summary>A test over rows that needs the shared folder, and is skipped with a reason where there is none.</summary>
public sealed class SharedTheoryAttribute : TheoryAttribute
{
    /// <summary>Looks for the folder.</summary>
    public SharedTheoryAttribute() => Skip = SharedData.Missing;
}

/// <summary>A test that needs Debian's <c>libonnx-testdata</c>, and is skipped with a reason where it is not installed.</summary>
public sealed class OnnxTestDataFactAttribute : FactAttribute
{
    /// <summary>Looks for the package.</summary>
    public OnnxTestDataFactAttribute()
    {
        if (!Directory.Exists(SharedData.OnnxTestData)) Skip = $"{SharedData.OnnxTestData} is missing; install the Debian package libonnx-testdata.";
    }
}
