using System.Diagnostics;
using SplitInfer.AspNetCore;
using SplitInfer.Client;
using SplitInfer.Client.Transport;
using SplitInfer.IntegrationTests.EndToEnd;
using SplitInfer.Partitioning;
using SplitInfer.Server;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Faults;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.Faults;

/// <summary>A server, and a client in each mode behind a proxy of its own. All clients meet the same fault at the same time.</summary>
internal sealed class FaultWorld : IAsyncDisposable
{
    /// <summary>Only for tests that fail: what does not come about in this time never will.</summary>
    private static readonly TimeSpan FailureLimit = TimeSpan.FromSeconds(60);

    private static readonly byte[] Model = UNet.Build().ToBytes();

    // Planned once for all clients of all tests.
    private static readonly Lazy<PartitionedModel> Planned = new(static () => PartitionedModel.Load(Model, new(), new() { IntraOpThreads = 1 }));

    private readonly List<(ClientMode Mode, SplitInferenceClient Client)> _clients = [];
    private TensorValue? _input;
    private InferenceResult? _expected;

    private FaultWorld(Uri target) => Proxy = new(target);

    /// <summary>What the clients connect to.</summary>
    public FaultProxies Proxy { get; }

    /// <summary>How many clients there are.</summary>
    public int Clients => _clients.Count;

    /// <summary>Whether each client says why it cannot use the server.</summary>
    public bool IsFailureKnown => FailForAll(static _ => true);

    /// <summary>Whether each client cannot use the server for a reason of a kind.</summary>
    public bool FailForAll(Func<Exception, bool> isOfKind) => _clients.TrueForAll(one => one.Client.ServerFailure is { } failure && isOfKind(failure));

    /// <summary>Timeouts that a test can wait for.</summary>
    private static TransportOptions Impatient => new() { ConnectTimeout = TimeSpan.FromSeconds(1), NoProgressTimeout = TimeSpan.FromSeconds(0.6), StallTimeout = TimeSpan.FromSeconds(0.6) };

    /// <summary>The longest that a call took while the fault was there.</summary>
    public TimeSpan LongestCall { get; private set; }

    /// <summary>The longest that it took until a client used the server again.</summary>
    public TimeSpan LongestReturn { get; private set; }

    /// <summary>Which client that was, and what it did meanwhile.</summary>
    public string SlowestToReturn { get; private set; } = "";

    public static Task<Deployment> DeployAsync(string scheme = "tcp", byte[]? model = null, Action<SplitInferServerOptions>? configure = null) => Deployment.StartAsync(model ?? Model, options =>
    {
        if (scheme == "unix") options.Listen[0] = new($"unix://{Path.GetTempPath()}{Path.GetRandomFileName()}");
        else if (scheme == "ws") options.UseKestrel().Listen[0] = new("ws://127.0.0.1:0/infer");
        else options.Listen[0] = new($"{scheme}://127.0.0.1:0");
        configure?.Invoke(options);
    });

    /// <summary>Starts the clients and has each use the server once.</summary>
    /// <param name="deployment">A server, which stays the caller's, of the model that the clients have.</param>
    /// <param name="target">Where the server is, if not there.</param>
    /// <param name="modes">The clients.</param>
    /// <param name="configure">Sets further options of each; they have timeouts that a test can wait for unless it sets others.</param>
    public static async Task<FaultWorld> StartAsync(Deployment deployment, Uri? target = null, IEnumerable<ClientMode>? modes = null, Action<SplitInferenceOptions>? configure = null)
    {
        var world = new FaultWorld(target ?? deployment.Server.Endpoints[0]);
        try
        {
            foreach (var mode in modes ?? ClientMode.All)
            {
                var options = new SplitInferenceOptions
                {
                    Server = world.Proxy.Add().Address,
                    Transport = Impatient,
                };
                options.Execution.IntraOpThreads = 1;
                mode.Configure(options);
                configure?.Invoke(options);
                world._clients.Add((mode, await SplitInferenceClient.CreateAsync(options, Planned.Value)));
            }

            var client = world._clients[0].Client;
            world._input = RandomTensor.Normal(new Random(1), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
            world._expected = await client.InferAsync(world._input, new() { Partition = client.Plan.AllOnDevice.Index });
            await world.ReturnAsync();
            return world;
        }
        catch
        {
            await world.DisposeAsync();
            throw;
        }
    }

    /// <summary>Each client infers a few times: every call ends with the right result, in time where there is a deadline.</summary>
    /// <param name="calls">How often.</param>
    public Task InferAsync(int calls = 3) => ForEachAsync(async (mode, client) =>
    {
        for (var call = 0; call < calls; call++)
        {
            var began = Stopwatch.GetTimestamp();
            await InferOnceAsync(mode, client);
            lock (_clients) LongestCall = TimeSpan.FromTicks(Math.Max(LongestCall.Ticks, Stopwatch.GetElapsedTime(began).Ticks));
        }
    });

    /// <summary>Each client infers, again and again, until the fault has come about.</summary>
    public async Task InferUntilAsync(Func<bool> condition)
    {
        var began = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(began) > FailureLimit) throw new TimeoutException("The clients have not met the fault.");
            await InferAsync(calls: 1);
            await Task.Delay(20);
        }
    }

    /// <summary>Each client infers until it uses the server again, and every result on the way is right.</summary>
    public async Task ReturnAsync()
    {
        LongestReturn = TimeSpan.Zero;
        var began = Stopwatch.GetTimestamp();
        await ForEachAsync(async (mode, client) =>
        {
            var (calls, longest) = (0, TimeSpan.Zero);
            while (true)
            {
                var callBegan = Stopwatch.GetTimestamp();
                var source = await InferOnceAsync(mode, client);
                (calls, longest) = (calls + 1, TimeSpan.FromTicks(Math.Max(longest.Ticks, Stopwatch.GetElapsedTime(callBegan).Ticks)));
                if (source != InferenceSource.Device) break;
                if (Stopwatch.GetElapsedTime(began) > FailureLimit) throw new TimeoutException($"{mode}: the server is back and is not used. {client.ServerFailure?.Message}");
                await Task.Delay(20);
            }

            lock (_clients)
            {
                if (Stopwatch.GetElapsedTime(began) is var taken && taken <= LongestReturn) return;
                (LongestReturn, SlowestToReturn) = (taken, $"{mode}, in {calls} calls, the longest of {longest.TotalSeconds:0.00} s");
            }
        });
    }

    /// <summary>Each client does something.</summary>
    public Task ForEachAsync(Func<ClientMode, SplitInferenceClient, Task> action) => Task.WhenAll(_clients.Select(c => Task.Run(() => action(c.Mode, c.Client))));

    /// <summary>Infers once, and checks the result.</summary>
    public async Task<InferenceSource> InferOnceAsync(ClientMode mode, SplitInferenceClient client, CancellationToken stop = default)
    {
        using var result = await client.InferAsync(_input!, cancellationToken: stop).AsTask().WaitAsync(FailureLimit, CancellationToken.None);
        Assert.True(TensorDifference.Between(_expected!.Outputs[0], result.Outputs[0]).IsWithin(1e-4), $"{mode}: another result.");
        return result.Source;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (_, client) in _clients) await client.DisposeAsync();
        await Proxy.DisposeAsync();
        _expected?.Dispose();
        _input?.Dispose();
    }
}
