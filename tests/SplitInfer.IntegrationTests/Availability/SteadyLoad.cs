using SplitInfer.Client;
using SplitInfer.Policies;
using SplitInfer.Protocol;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.Availability;

/// <summary>A client with several requests in flight at any time, each of which has to have the right result.</summary>
internal sealed class SteadyLoad : IAsyncDisposable
{
    private const int InFlight = 3;

    private readonly SplitInferenceClient _client;
    private readonly TensorValue _input;
    private readonly InferenceResult _expected;
    private readonly CancellationTokenSource _stop = new();
    private readonly int[] _made = new int[InFlight];
    private readonly Task[] _workers;
    private long _answers;
    private volatile string? _lastServer;
    private volatile string? _degraded;

    private SteadyLoad(SplitInferenceClient client, TensorValue input, InferenceResult expected)
    {
        (_client, _input, _expected) = (client, input, expected);
        _workers = [.. Enumerable.Range(0, InFlight).Select(worker => Task.Run(() => WorkAsync(worker)))];
    }

    /// <summary>The server that gave the last result; null where the device did.</summary>
    public string? LastServer => _lastServer;

    /// <summary>Why the first request that no server finished was finished by the device; null where there was none.</summary>
    public string? Degraded => _degraded;

    /// <summary>Begins once the first request was answered by a server.</summary>
    public static async Task<SteadyLoad> StartAsync(string model, OnServerFailure onFailure, params IEnumerable<Uri> servers)
    {
        var options = new SplitInferenceOptions { ModelPath = model, Policy = PolicyNames.Fixed, Partition = 1, OnServerFailure = onFailure };
        options.Servers = [.. servers.Select(static address => new ServerOptions { Address = address })];
        options.Execution.IntraOpThreads = 1;
        var client = await SplitInferenceClient.CreateAsync(options);
        var input = RandomTensor.Normal(new Random(1), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
        var expected = await client.InferAsync(input, new() { Partition = client.Plan.AllOnDevice.Index });
        return new(client, input, expected);
    }

    /// <summary>Waits until each place in flight has had so many more results.</summary>
    public async Task AnswerAsync(int count)
    {
        var before = Counts();
        while (!_workers.Any(static worker => worker.IsCompleted) && Counts().Where((made, worker) => made < before[worker] + count).Any()) await Task.Delay(5);
        if (_workers.FirstOrDefault(static worker => worker.IsCompleted) is { } failed) await failed;
    }

    /// <summary>Waits until a result has come that a condition holds for.</summary>
    public async Task AnswerUntilAsync(Func<bool> isReached)
    {
        while (!isReached()) await AnswerAsync(1);
    }

    /// <summary>Ends the load.</summary>
    /// <returns>The results that there were; throws what the first request failed with, if one has.</returns>
    public async Task<long> StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_workers);
        return Interlocked.Read(ref _answers);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_workers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _client.DisposeAsync();
        _expected.Dispose();
        _input.Dispose();
        _stop.Dispose();
    }

    private int[] Counts() => [.. _made.Select((_, worker) => Volatile.Read(ref _made[worker]))];

    /// <summary>Infers, again and again while servers say when to come back: they have lost nothing.</summary>
    private async Task<InferenceResult> InferAsync()
    {
        while (true)
        {
            try
            {
                return await _client.InferAsync(_input);
            }
            catch (TailRefusedException busy) when (busy.Code == RefusalCode.Busy)
            {
                await Task.Delay(busy.RetryAfter ?? TimeSpan.FromMilliseconds(10), _stop.Token);
            }
        }
    }

    private async Task WorkAsync(int worker)
    {
        while (!_stop.IsCancellationRequested)
        {
            using var result = await InferAsync();
            Assert.True(TensorDifference.Between(_expected.Outputs[0], result.Outputs[0]).IsWithin(1e-4), $"a wrong result of {result.Server ?? "the device"}");
            if (result.Source == InferenceSource.Device) _degraded ??= result.ServerFailure?.Message ?? "the device was chosen";
            _lastServer = result.Server;
            Interlocked.Increment(ref _answers);
            Interlocked.Increment(ref _made[worker]);
        }
    }
}
