using System.Runtime.CompilerServices;
using SplitInfer.Execution.OnnxRuntime;

namespace SplitInfer.Core.Tests.Execution.OnnxRuntime;

/// <summary>Makes the environment as SplitInfer does before any test can make another, which a process would keep.</summary>
internal static class EnvironmentFirst
{
#pragma warning disable CA2255 // A test assembly is the application here.
    [ModuleInitializer]
#pragma warning restore CA2255
    public static void Make() => OnnxRuntimeEnvironment.For(new());
}
