using SplitInfer.Client;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Policies;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>A client whose model does nothing, on the device or at a server, and what its requests cost with each listener.</summary>
internal sealed class TelemetryLane : IAsyncDisposable
{
    private readonly string _path;
    private readonly int _requests;
    private readonly TimeProvider _time;
    private readonly SplitInferenceClient _client;
    private readonly TensorValue _input;
    private readonly Dictionary<TelemetryListener, List<(double Ns, double Bytes)>> _batches = TelemetryListener.All.ToDictionary(static listener => listener, static _ => new List<(double, double)>());

    private TelemetryLane(string path, int requests, SplitInferenceClient client, int bytes, TimeProvider time)
    {
        (_path, _requests, _client, _time) = (path, requests, client, time);
        _input = TensorValue.Allocate(ElementType.UInt8, new(bytes));
        _input.Bytes.Span.Clear();
    }

    /// <summary>Makes the client.</summary>
    /// <param name="server">The server that runs the model; null where the device does.</param>
    /// <param name="model">The model.</param>
    /// <param name="execution">Runs it.</param>
    /// <param name="bytes">Bytes of its input.</param>
    /// <param name="requests">Requests of a batch.</param>
    /// <param name="time">The clock.</param>
    public static async Task<TelemetryLane> StartAsync(Uri? server, PartitionedModel model, ExecutionOptions execution, int bytes, int requests, TimeProvider time)
    {
        var options = new SplitInferenceOptions { Server = server, Policy = server is null ? PolicyNames.AllOnDevice : PolicyNames.AllOnServer, Execution = execution, Races = false, OnServerFailure = OnServerFailure.Throw };
        return new(server is null ? "device" : "server", requests, await SplitInferenceClient.CreateAsync(options, model).ConfigureAwait(false), bytes, time);
    }

    /// <summary>Makes a batch of requests while somebody listens.</summary>
    /// <param name="listener">Who does.</param>
    /// <param name="isKept">Whether they count.</param>
    public async Task GoAsync(TelemetryListener listener, bool isKept)
    {
        using var listening = listener.Start();
        // The listener makes room for what it sees first.
        for (var i = 0; i < _requests / 10; i++) await InferAsync().ConfigureAwait(false);
        var (allocated, began) = (GC.GetTotalAllocatedBytes(precise: true), _time.GetTimestamp());
        for (var i = 0; i < _requests; i++) await InferAsync().ConfigureAwait(false);
        var took = _time.GetElapsedTime(began);
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        if (isKept) _batches[listener].Add((took.TotalNanoseconds / _requests, (double)allocated / _requests));
    }

    /// <summary>What was measured.</summary>
    public IEnumerable<TelemetryRow> Rows()
    {
        var nobody = _batches[TelemetryListener.All[0]];
        foreach (var listener in TelemetryListener.All)
        {
            var batches = _batches[listener];
            var added = Median.Of(batches.Zip(nobody, static (one, none) => one.Ns - none.Ns));
            // The process also does other things now and then, which only ever adds.
            yield return new(_path, listener.Name, Median.Of(batches.Select(static batch => batch.Ns)), added, Least(batches), Least(batches) - Least(nobody));
        }

        static double Least(List<(double Ns, double Bytes)> batches) => batches.Min(static batch => batch.Bytes);
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync().ConfigureAwait(false);
        _input.Dispose();
    }

    private async ValueTask InferAsync() => (await _client.InferAsync(_input).ConfigureAwait(false)).Dispose();
}
