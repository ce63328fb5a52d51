using SplitInfer.Core.Tests.Partitioning;
using SplitInfer.Execution;
using SplitInfer.Segments.Weights;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Execution.OnnxRuntime;

[Collection(Alone.Name)]
public sealed class ProcessTests
{
    private const int Sessions = 300;

    [LinuxFact]
    public void Sessions_that_are_closed_leave_nothing_behind()
    {
        // Each session holds about a megabyte of weights, so that one in ten that stays would be seen.
        var g = new GraphBuilder();
        g.Output(g.Dense(g.Input("x", ElementType.Float32, "N", 512), 512));
        var model = g.ToBytes();
        Cycle(model, 50);
        var before = ResidentBytes();

        Cycle(model, Sessions);

        Assert.InRange(ResidentBytes() - before, long.MinValue, Sessions / 10 * (1L << 20));
    }

    [LinuxFact]
    public void Sessions_that_nobody_closes_are_collected()
    {
        var g = new GraphBuilder();
        g.Output(g.Dense(g.Input("x", ElementType.Float32, "N", 512), 512));
        var model = g.ToBytes();
        Cycle(model, 50);
        var before = ResidentBytes();

        for (var i = 0; i < Sessions; i++)
        {
            Abandon(model);
            if (i % 20 == 0) Collect();
        }

        Collect();
        Assert.InRange(ResidentBytes() - before, long.MinValue, Sessions / 4 * (1L << 20));
    }

    /// <summary>Kernels lay the weights of a matrix product out anew. Without a place to share that, each session would hold the weights once more, whoever gave them.</summary>
    [LinuxFact]
    public void Sessions_that_are_given_the_same_weights_hold_them_once()
    {
        const int Size = 1024, Count = 40;
        const long WeightBytes = Size * Size * sizeof(float);
        var g = new GraphBuilder();
        g.Output(g.MatMul(g.Input("x", ElementType.Float32, 1, Size), g.Weight(ElementType.Float32, Size, 1, Size, Size)));
        var segment = SplitRun.Plan(g).Whole();
        var store = new WeightStore();
        using var group = SessionRuns.Engine.CreateGroup();
        var loaded = new List<(OptimizedSegment Segment, IEngineSession Session)> { Load(), Load() };
        var before = NativeBytes();

        while (loaded.Count < 2 + Count) loaded.Add(Load());

        Assert.InRange(NativeBytes() - before, long.MinValue, Count * WeightBytes);
        foreach (var (weights, session) in loaded)
        {
            session.Dispose();
            weights.Dispose();
        }

        Assert.Equal(0, store.Bytes);

        (OptimizedSegment Segment, IEngineSession Session) Load()
        {
            var weights = OptimizedSegment.Load(segment, new() { IntraOpThreads = 1 }, store, group, out var session);
            using var input = RandomTensor.Normal(new(1), ElementType.Float32, 1, Size);
            session.RunOne(input).Dispose();
            return (weights, session);
        }
    }

    [LinuxFact]
    public void Sessions_that_share_the_pool_start_no_threads_of_their_own()
    {
        var g = new GraphBuilder();
        g.Output(g.Relu(g.Input("x", ElementType.Float32, 4)));
        const int Opened = 16;
        const int Threads = 8;

        Assert.InRange(ThreadsStarted(g, Opened, new() { IntraOpThreads = Threads, UseSharedThreadPool = false }), Opened * (Threads - 1) - Threads, int.MaxValue);
        Assert.InRange(ThreadsStarted(g, Opened, new()), int.MinValue, Threads);
    }

    [Fact]
    public void A_run_allocates_the_tensors_that_it_yields_and_little_else()
    {
        using var session = Convolution().Load();
        using var input = RandomTensor.Normal(new(1), ElementType.Float32, 1, 3, 16, 16);
        TensorValue[] inputs = [input];
        var outputs = new TensorValue[1];
        Run(100);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Run(1000);

        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / 1000, 0, 128);

        void Run(int times)
        {
            for (var i = 0; i < times; i++)
            {
                session.Run([0], inputs, [0], outputs, CancellationToken.None);
                outputs[0].Dispose();
            }
        }
    }

    /// <summary>A boundary that was received is a payload of several tensors.</summary>
    [Fact]
    public void Inputs_that_lie_in_one_block_cost_no_more()
    {
        var g = new GraphBuilder();
        g.Output(g.Add(g.Input("a", ElementType.Float32, 64), g.Input("b", ElementType.Float32, 64)));
        using var session = g.Load();
        var block = TensorBufferPool.Shared.Rent(512);
        using var a = TensorValue.View(ElementType.Float32, new(64), block.AddReference(), 0);
        using var b = TensorValue.View(ElementType.Float32, new(64), block, 256);
        TensorValue[] inputs = [a, b];
        var outputs = new TensorValue[1];
        Run(100);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Run(1000);

        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / 1000, 0, 200);

        void Run(int times)
        {
            for (var i = 0; i < times; i++)
            {
                session.Run([0, 1], inputs, [0], outputs, CancellationToken.None);
                outputs[0].Dispose();
            }
        }
    }

    [Fact]
    public async Task An_asynchronous_run_allocates_as_little()
    {
        using var session = Convolution().Load();
        using var runner = session.ToRunner();
        using var cancellation = new CancellationTokenSource();
        using var input = RandomTensor.Normal(new(1), ElementType.Float32, 1, 3, 16, 16);
        var inputs = new[] { input };
        var outputs = new TensorValue[1];
        await Run(500);
        var before = GC.GetTotalAllocatedBytes(precise: true);

        await Run(2000);

        // The thread pool and the test host have their share in it.
        Assert.InRange((GC.GetTotalAllocatedBytes(precise: true) - before) / 2000, 0, 512);

        async Task Run(int times)
        {
            for (var i = 0; i < times; i++)
            {
                await runner.RunAsync(inputs, outputs, cancellation.Token);
                outputs[0].Dispose();
            }
        }
    }

    private static GraphBuilder Convolution()
    {
        var g = new GraphBuilder();
        g.Output(g.Relu(g.Conv(g.Input("x", ElementType.Float32, 1, 3, 16, 16), 8)));
        return g;
    }

    private static void Cycle(byte[] model, int times)
    {
        for (var i = 0; i < times; i++)
        {
            using var session = SessionRuns.Engine.Load(model, new() { IntraOpThreads = 1 });
            using var input = RandomTensor.Normal(new(1), ElementType.Float32, 2, 512);
            session.RunOne(input).Dispose();
        }
    }

    private static void Abandon(byte[] model)
    {
        var session = SessionRuns.Engine.Load(model, new() { IntraOpThreads = 1 });
        using var input = RandomTensor.Normal(new(1), ElementType.Float32, 2, 512);
        session.RunOne(input).Dispose();
    }

    private static void Collect()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
    }

    private static int ThreadsStarted(GraphBuilder g, int count, ExecutionOptions options)
    {
        g.Load(options).Dispose();
        var before = Count();
        var sessions = Enumerable.Range(0, count).Select(_ => g.Load(options)).ToArray();
        var after = Count();
        foreach (var session in sessions) session.Dispose();
        return after - before;

        static int Count() => Directory.GetDirectories("/proc/self/task").Length;
    }

    /// <summary>Resident bytes without those of the managed heap, which keeps more or less of what is free.</summary>
    private static long NativeBytes()
    {
        var resident = ResidentBytes();
        return resident - GC.GetGCMemoryInfo().TotalCommittedBytes;
    }

    private static long ResidentBytes()
    {
        Collect();
        var line = File.ReadLines("/proc/self/status").First(static line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) * 1024;
    }
}
