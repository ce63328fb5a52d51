using System.Runtime.InteropServices;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>Owns one native object.</summary>
internal sealed class OrtHandle : SafeHandle
{
    private readonly OrtApi _api;
    private readonly OrtObject _kind;

    public OrtHandle(OrtApi api, OrtObject kind, nint handle) : base(0, ownsHandle: true)
    {
        (_api, _kind) = (api, kind);
        SetHandle(handle);
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>The native pointer; valid while this object is neither disposed nor collected.</summary>
    public nint Pointer => handle;

    protected override bool ReleaseHandle()
    {
        _api.Release(_kind, handle);
        return true;
    }
}
