using System.Runtime.InteropServices;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>
/// Owns a native session and what it reads in place: initializers that were given to it, and shared weights. They are released after
/// it, and it is released after the last run that is under way.
/// </summary>
internal sealed class OrtSessionHandle : SafeHandle
{
    private readonly OrtEnvironment _environment;
    private readonly List<IDisposable> _held = [];
    private OrtHandle? _prepacked;

    private OrtSessionHandle(OrtEnvironment environment) : base(0, ownsHandle: true) => _environment = environment;

    /// <summary>Never, so that what was given is released even when the session could not be made.</summary>
    public override bool IsInvalid => false;

    /// <summary>The native session.</summary>
    public nint Pointer => handle;

    /// <summary>Makes a session of a model in memory.</summary>
    public static OrtSessionHandle Create(OrtEnvironment environment, ReadOnlySpan<byte> model, OrtHandle options, OrtSessionSettings settings)
    {
        var session = new OrtSessionHandle(environment);
        try
        {
            session.Take(settings, options);
            session.SetHandle(session._prepacked is null
                ? environment.Api.CreateSessionFromArray(environment.Handle, model, options.Pointer)
                : environment.Api.CreateSessionFromArrayWithPrepackedWeightsContainer(environment.Handle, model, options.Pointer, session._prepacked.Pointer));
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Makes a session of a model in a file.</summary>
    public static unsafe OrtSessionHandle Open(OrtEnvironment environment, string path, OrtHandle options)
    {
        using var native = new NativePath(path);
        var session = new OrtSessionHandle(environment);
        session.SetHandle(environment.Api.CreateSession(environment.Handle, native.Pointer, options.Pointer));
        return session;
    }

    /// <summary>Keeps <paramref name="used"/>, which has no finalizer, until the session is gone, and disposes it then.</summary>
    public void Hold(IDisposable used) => _held.Add(used);

    protected override bool ReleaseHandle()
    {
        if (handle != 0) _environment.Api.Release(OrtObject.Session, handle);
        foreach (var held in _held) held.Dispose();
        _prepacked?.DangerousRelease();
        return true;
    }

    private unsafe void Take(OrtSessionSettings settings, OrtHandle options)
    {
        if (settings.PrepackedWeights?.Handle is { } prepacked)
        {
            var added = false;
            prepacked.DangerousAddRef(ref added);
            _prepacked = prepacked;
        }

        foreach (var (name, tensor) in settings.Initializers)
        {
            var initializer = new OrtInitializer(_environment, tensor);
            Hold(initializer);
            using var text = new NativeText(name);
            _environment.Api.AddInitializer(options.Pointer, text[0], initializer.Value);
        }
    }
}
