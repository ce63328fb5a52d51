using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using SplitInfer.Execution;

namespace SplitInfer.Client.State;

/// <summary>Tells devices apart by what makes the same model take another time.</summary>
internal static class DeviceFingerprint
{
    public static Fingerprint Of(ExecutionOptions execution)
    {
        var text = string.Join('\n',
            [Environment.MachineName, RuntimeInformation.OSArchitecture, Environment.ProcessorCount, execution.IntraOpThreads, execution.Optimization, .. execution.Providers.Select(static p => p.ShortName)]);
        return new(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }
}
