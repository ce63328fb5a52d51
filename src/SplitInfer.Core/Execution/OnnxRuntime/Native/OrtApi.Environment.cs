namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>The process-wide part: environment, threads, memory, providers.</summary>
internal sealed unsafe partial class OrtApi
{
    public nint CreateEnvWithGlobalThreadPools(OrtLogLevel level, byte* logId, nint threading)
    {
        nint environment;
        Check(((delegate* unmanaged<int, byte*, nint, nint*, nint>)_table[119])((int)level, logId, threading, &environment));
        return environment;
    }

    public nint CreateThreadingOptions()
    {
        nint threading;
        Check(((delegate* unmanaged<nint*, nint>)_table[121])(&threading));
        return threading;
    }

    public void SetGlobalIntraOpNumThreads(nint threading, int threads) =>
        Check(((delegate* unmanaged<nint, int, nint>)_table[147])(threading, threads));

    public void SetGlobalInterOpNumThreads(nint threading, int threads) =>
        Check(((delegate* unmanaged<nint, int, nint>)_table[148])(threading, threads));

    public nint CreateCpuMemoryInfo(OrtAllocatorKind allocator)
    {
        const int DefaultMemory = 0;
        nint info;
        Check(((delegate* unmanaged<int, int, nint*, nint>)_table[69])((int)allocator, DefaultMemory, &info));
        return info;
    }

    /// <summary>The process's plain allocator, which is never released.</summary>
    public nint GetAllocatorWithDefaultOptions()
    {
        nint allocator;
        Check(((delegate* unmanaged<nint*, nint>)_table[78])(&allocator));
        return allocator;
    }

    public void AllocatorFree(nint allocator, void* block) =>
        Check(((delegate* unmanaged<nint, void*, nint>)_table[76])(allocator, block));

    /// <summary>Registers an allocator that sessions of the environment can share; at most one for each kind of memory.</summary>
    public void CreateAndRegisterAllocator(nint environment, nint memoryInfo, nint arena) =>
        Check(((delegate* unmanaged<nint, nint, nint, nint>)_table[144])(environment, memoryInfo, arena));

    /// <summary>Describes an arena by pairs of keys and values.</summary>
    public nint CreateArenaCfgV2(byte** keys, nuint* values, int count)
    {
        nint arena;
        Check(((delegate* unmanaged<byte**, nuint*, nuint, nint*, nint>)_table[164])(keys, values, (nuint)count, &arena));
        return arena;
    }

    public byte** GetAvailableProviders(out int count)
    {
        byte** names;
        int length;
        Check(((delegate* unmanaged<byte***, int*, nint>)_table[125])(&names, &length));
        count = length;
        return names;
    }

    public void ReleaseAvailableProviders(byte** names, int count) =>
        Check(((delegate* unmanaged<byte**, int, nint>)_table[126])(names, count));
}
