using System.Diagnostics;
using System.Threading.Channels;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Commands.Verify;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Cli.Tests.Commands.Verify;

public sealed class WorkerPoolTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly List<int> _started = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_process_that_dies_in_the_middle_of_a_model_is_told_by_its_signal()
    {
        EndlessNet.Build().Save(_folder["endless.onnx"]);
        using var worker = Start();
        var events = worker.RunAsync(new(_folder["endless.onnx"], null, 1, IsOnly: true), CancellationToken.None).GetAsyncEnumerator();
        var next = events.MoveNextAsync().AsTask();
        Kill(worker.Id);
        var error = await Assert.ThrowsAsync<WorkerDiedException>(() => next);
        Assert.Contains("died (signal SIGKILL", error.Message, StringComparison.Ordinal);
        await events.DisposeAsync();
    }

    [Fact]
    public async Task A_worker_verifies_one_model_after_another()
    {
        FunctionNet.Build().Save(_folder["a.onnx"]);
        FunctionNet.Build(seed: 3).Save(_folder["b.onnx"]);
        var ends = await EndsOf(new(null), Start, "a.onnx", "nowhere.onnx", "b.onnx");
        Assert.Equal([VerifyEnd.Verified, VerifyEnd.Refused, VerifyEnd.Verified], ends.Select(static end => end.Kind));
        Assert.Single(_started);
    }

    [Fact]
    public async Task A_new_worker_goes_on_where_one_died()
    {
        EndlessNet.Build().Save(_folder["endless.onnx"]);
        FunctionNet.Build().Save(_folder["good.onnx"]);
        var ends = await EndsOf(new(null), StartDoomedFirst, "endless.onnx", "good.onnx");
        Assert.Equal([VerifyEnd.Broken, VerifyEnd.Verified], ends.Select(static end => end.Kind));
        Assert.Equal("while it was planned: the process died (signal SIGKILL: somebody ended it, or the system was out of memory)", ends[0].Reason);
        Assert.Equal(2, _started.Count);
    }

    [Fact]
    public async Task A_model_that_takes_too_long_does_not_hold_the_others()
    {
        EndlessNet.Build().Save(_folder["endless.onnx"]);
        var ends = await EndsOf(new(TimeSpan.FromSeconds(1)), Start, "endless.onnx", "endless.onnx");
        Assert.All(ends, static end => Assert.Equal(VerifyEnd.Broken, end.Kind));
        Assert.All(ends, static end => Assert.Contains("more than 1 s, the --time-limit", end.Reason, StringComparison.Ordinal));
    }

    private WorkerProcess Start()
    {
        var worker = WorkerProcess.Start([VerifyWorkerCommand.Name, "--threads", "1"]);
        _started.Add(worker.Id);
        return worker;
    }

    private WorkerProcess StartDoomedFirst()
    {
        var worker = Start();
        if (_started.Count == 1) Kill(worker.Id);
        return worker;
    }

    private static void Kill(int id)
    {
        using var process = Process.GetProcessById(id);
        process.Kill();
    }

    private async Task<ModelEnd[]> EndsOf(TimeLimit limit, Func<WorkerProcess> start, params string[] models)
    {
        var events = models.Select(static _ => Channel.CreateUnbounded<VerifyEvent>()).ToArray();
        await new WorkerPool(start, cores: 1, limit, TimeProvider.System)
            .RunAsync([.. models.Select(model => new FoundModel(_folder[model], null, IsNamed: true))], [.. events.Select(static channel => channel.Writer)], CancellationToken.None);
        var ends = new List<ModelEnd>();
        foreach (var channel in events)
        {
            var all = new List<VerifyEvent>();
            await foreach (var happened in channel.Reader.ReadAllAsync()) all.Add(happened);
            Assert.All(all.SkipLast(1), static happened => Assert.Null(happened.End));
            ends.Add(all[^1].End!);
        }

        return [.. ends];
    }
}
