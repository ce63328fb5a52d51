using System.Threading.Channels;
using SplitInfer.Cli.Inputs;

namespace SplitInfer.Cli.Commands.Verify;

/// <summary>Verifies many models with a few long-lived workers: starting one takes longer than verifying a small model.</summary>
/// <param name="start">Starts a worker.</param>
/// <param name="cores">How many threads may be busy at a time.</param>
/// <param name="limit">How long a model may take.</param>
/// <param name="time">The clock.</param>
internal sealed class WorkerPool(Func<WorkerProcess> start, int cores, TimeLimit limit, TimeProvider time)
{
    // What compiling one cut of a model takes at most, in files of that model: head and tail, each with what the engine makes of it.
    private const int FilesPerLane = 6;

    private readonly List<string> _said = [];
    private int _next = -1;

    /// <summary>What workers that died had to say.</summary>
    public IReadOnlyList<string> Said
    {
        get { lock (_said) return [.. _said]; }
    }

    /// <summary>Verifies models.</summary>
    /// <param name="models">The models.</param>
    /// <param name="events">A writer for each, which receives its events, the end last, and is then completed.</param>
    /// <param name="cancellationToken">Ends the workers.</param>
    /// <exception cref="IOException">A worker cannot be started.</exception>
    public async Task RunAsync(IReadOnlyList<FoundModel> models, IReadOnlyList<ChannelWriter<VerifyEvent>> events, CancellationToken cancellationToken)
    {
        var workers = Math.Min(cores, models.Count);
        await Task.WhenAll(Enumerable.Range(0, workers).Select(async _ =>
        {
            try
            {
                await WorkAsync(models, events, workers, cancellationToken);
            }
            catch (Exception error)
            {
                foreach (var unfinished in events) unfinished.TryComplete(error);
                throw;
            }
        }));
    }

    private async Task WorkAsync(IReadOnlyList<FoundModel> models, IReadOnlyList<ChannelWriter<VerifyEvent>> events, int workers, CancellationToken cancellationToken)
    {
        WorkerProcess? worker = null;
        try
        {
            for (var index = Interlocked.Increment(ref _next); index < models.Count; index = Interlocked.Increment(ref _next))
            {
                worker ??= start();
                var job = new VerifyJob(models[index].Path, models[index].Inputs, LanesFor(models[index].Path, Math.Min(workers, models.Count - index)), models.Count == 1);
                var end = await RunAsync(worker, job, events[index], cancellationToken);
                if (end is not null)
                {
                    worker.Dispose();
                    worker = null;
                    events[index].TryWrite(new() { End = end });
                }

                events[index].TryComplete();
            }
        }
        finally
        {
            worker?.Dispose();
        }
    }

    /// <summary>Runs one job. Gives the end of the model where the worker did not come to one, and must be replaced.</summary>
    private async Task<ModelEnd?> RunAsync(WorkerProcess worker, VerifyJob job, ChannelWriter<VerifyEvent> events, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(limit.First, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var running = new RunningCuts();
        try
        {
            await foreach (var happened in worker.RunAsync(job, either.Token))
            {
                if (limit.Restarts) timeout.CancelAfter(TimeLimit.Idle);
                running.Follow(happened);
                events.TryWrite(happened);
            }

            return null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new(VerifyEnd.Broken, $"{running}{limit}{(running.HasBegun ? ". A sample of the cuts takes less: --cuts N" : "")}");
        }
        catch (WorkerDiedException death)
        {
            lock (_said) _said.AddRange(death.Said.Select(line => $"{job.Model}: {line}"));
            return new(VerifyEnd.Broken, $"{running}{death.Message}");
        }
    }

    /// <summary>Several cuts of a model are verified at once where cores would be idle and memory allows it.</summary>
    private int LanesFor(string model, int workers)
    {
        var bytes = File.Exists(model) ? Math.Max(1, new FileInfo(model).Length) : 1;
        var roomFor = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (bytes * FilesPerLane * workers);
        return (int)Math.Clamp(roomFor, 1, Math.Max(1, cores / workers));
    }
}
