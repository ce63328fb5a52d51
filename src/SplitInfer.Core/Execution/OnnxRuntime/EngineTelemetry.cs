using System.Runtime.InteropServices;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>
/// Keeps ONNX Runtime from reporting its use to its makers, which its library does by default: it writes an identifier of the machine into the user's
/// cache folder and looks for a collector on the internet. Whoever wants that sets <c>ORT_DISABLE_TELEMETRY</c>, which is then left as it is.
/// </summary>
internal static partial class EngineTelemetry
{
    private const string Variable = "ORT_DISABLE_TELEMETRY";

    /// <summary>Turns it off, unless the variable says something already. Of use only before the engine's environment is made.</summary>
    public static void TurnOff()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not null) return;
        Environment.SetEnvironmentVariable(Variable, "1");
        // On Unix the runtime keeps a copy of its own of the environment, which native code does not see.
        if (!OperatingSystem.IsWindows()) _ = SetNative(Variable, "1", overwrite: 0);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetNative(string name, string value, int overwrite);
}
