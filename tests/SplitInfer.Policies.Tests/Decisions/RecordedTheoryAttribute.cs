using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace SplitInfer.Policies.Tests.Decisions;

/// <summary>
/// A test over recorded decisions. The last bits of sums and exponentials differ with the width of vectors, with fused
/// multiplication and with the C library, and a last bit can turn a decision; elsewhere the test is skipped with a reason.
/// </summary>
public sealed class RecordedTheoryAttribute : TheoryAttribute
{
    private const int Width = 4;

    public RecordedTheoryAttribute()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64 || !Fma.IsSupported || Vector<double>.Count != Width)
            Skip = $"The decisions were recorded on Linux, x64, with vectors of {Width} doubles and fused multiplication; here vectors have {Vector<double>.Count}.";
    }
}
