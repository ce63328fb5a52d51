namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>Sessions and runs.</summary>
internal sealed unsafe partial class OrtApi
{
    /// <param name="environment">The environment.</param>
    /// <param name="path">Null-terminated, UTF-16 on Windows, UTF-8 elsewhere.</param>
    /// <param name="options">Copied; may be released afterwards.</param>
    public nint CreateSession(nint environment, void* path, nint options)
    {
        nint session;
        Check(((delegate* unmanaged<nint, void*, nint, nint*, nint>)_table[7])(environment, path, options, &session));
        return session;
    }

    public nint CreateSessionFromArray(nint environment, ReadOnlySpan<byte> model, nint options)
    {
        nint session;
        fixed (byte* bytes = model)
            Check(((delegate* unmanaged<nint, byte*, nuint, nint, nint*, nint>)_table[8])(environment, bytes, (nuint)model.Length, options, &session));
        return session;
    }

    public nint CreateSessionFromArrayWithPrepackedWeightsContainer(nint environment, ReadOnlySpan<byte> model, nint options, nint container)
    {
        nint session;
        fixed (byte* bytes = model)
            Check(((delegate* unmanaged<nint, byte*, nuint, nint, nint, nint*, nint>)_table[169])(environment, bytes, (nuint)model.Length, options, container, &session));
        return session;
    }

    /// <summary>Runs the session.</summary>
    /// <param name="session">The session; several runs may be under way.</param>
    /// <param name="runOptions">Used by no other run meanwhile.</param>
    /// <param name="inputNames">Names of the inputs.</param>
    /// <param name="inputs">Their values.</param>
    /// <param name="inputCount">How many.</param>
    /// <param name="outputNames">Names of the outputs wanted.</param>
    /// <param name="outputs">Their values: what is not null is written in place, what is null is replaced by a new value that the caller owns.</param>
    /// <param name="outputCount">How many.</param>
    /// <returns>The status, for the caller to look at and free.</returns>
    public nint Run(nint session, nint runOptions, byte** inputNames, nint* inputs, int inputCount, byte** outputNames, nint* outputs, int outputCount) =>
        ((delegate* unmanaged<nint, nint, byte**, nint*, nuint, byte**, nuint, nint*, nint>)_table[9])(
            session, runOptions, inputNames, inputs, (nuint)inputCount, outputNames, (nuint)outputCount, outputs);

    public nint CreateRunOptions()
    {
        nint runOptions;
        Check(((delegate* unmanaged<nint*, nint>)_table[39])(&runOptions));
        return runOptions;
    }

    public void RunOptionsSetRunLogSeverityLevel(nint runOptions, OrtLogLevel level) =>
        Check(((delegate* unmanaged<nint, int, nint>)_table[41])(runOptions, (int)level));

    public void RunOptionsSetTerminate(nint runOptions) => Check(((delegate* unmanaged<nint, nint>)_table[46])(runOptions));

    public void RunOptionsUnsetTerminate(nint runOptions) => Check(((delegate* unmanaged<nint, nint>)_table[47])(runOptions));

    public int SessionGetInputCount(nint session) => GetCount(30, session);

    public int SessionGetOutputCount(nint session) => GetCount(31, session);

    public nint SessionGetInputTypeInfo(nint session, int index) => GetTypeInfo(33, session, index);

    public nint SessionGetOutputTypeInfo(nint session, int index) => GetTypeInfo(34, session, index);

    public byte* SessionGetInputName(nint session, int index, nint allocator) => GetName(36, session, index, allocator);

    public byte* SessionGetOutputName(nint session, int index, nint allocator) => GetName(37, session, index, allocator);

    private int GetCount(int place, nint session)
    {
        nuint count;
        Check(((delegate* unmanaged<nint, nuint*, nint>)_table[place])(session, &count));
        return checked((int)count);
    }

    private nint GetTypeInfo(int place, nint session, int index)
    {
        nint info;
        Check(((delegate* unmanaged<nint, nuint, nint*, nint>)_table[place])(session, (nuint)index, &info));
        return info;
    }

    private byte* GetName(int place, nint session, int index, nint allocator)
    {
        byte* name;
        Check(((delegate* unmanaged<nint, nuint, nint, byte**, nint>)_table[place])(session, (nuint)index, allocator, &name));
        return name;
    }
}
