using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Server;
using SplitInfer.Server.Telemetry;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>Clients that ask one server for a tail that is bound by its weights, all at once.</summary>
public class BatchedRequestTests
{
    private const string Name = "batched-requests";
    private const int Clients = 8;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Each_client_gets_its_own_answer_whether_requests_run_together_or_alone()
    {
        var g = new GraphBuilder();
        g.Output(g.Gemm(g.Relu(g.Gemm(g.Input("x", ElementType.Float32, 1, 2048), 2048)), 10), "y");
        var model = PartitionedModel.Load(g.ToBytes());
        using var log = new DecisionLog();
        using var sizes = new SizeListener();
        await using var server = await SplitInferServer.StartAsync(
            new() { Models = { new(Name, "1", model) }, Listen = { new Uri("tcp://127.0.0.1:0") }, Limits = { MaxConcurrentRuns = 1 }, Execution = { IntraOpThreads = 1 } }, log);

        using var stop = new CancellationTokenSource(Patience);
        var more = 20 * Clients;
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
        {
            await using var transport = new RemoteTailTransport(server.Endpoints[0], Name, "", model.Plan, CodecRegistry.Default, new(), TimeProvider.System);
            using var input = RandomTensor.Normal(new(client), ElementType.Float32, 1, 2048);
            using var expected = await SendAsync(transport, model, input);
            // Until the server has found out whether batches pay, and then for a while.
            while ((log.Decision is null && !stop.IsCancellationRequested) || Interlocked.Decrement(ref more) > 0)
            {
                using var reply = await SendAsync(transport, model, input);
                Assert.True(TensorDifference.Between(expected.Outputs[0]!, reply.Outputs[0]!).IsWithin(1e-4));
            }
        })));
        Assert.NotNull(log.Decision);
        Assert.Equal(log.Decision == "Batches", sizes.Seen.Any(static size => size > 1));
        Assert.All(sizes.Seen, static size => Assert.InRange(size, 1, Clients));
    }

    private static async Task<TailReply> SendAsync(RemoteTailTransport transport, PartitionedModel model, TensorValue input) =>
        await transport.SendAsync(new() { Partition = model.Plan.AllOnServer, Codec = CodecRegistry.Default.All.First(static codec => codec.IsIdentity), SymbolSizes = [], Boundary = new[] { input } }, default);

    private sealed class SizeListener : IDisposable
    {
        private readonly MeterListener _listener = new();

        public SizeListener()
        {
            _listener.InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Name == ServerMetricNames.BatchSize) listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((_, size, tags, _) =>
            {
                foreach (var tag in tags)
                    if (tag.Value is Name) Seen.Enqueue(size);
            });
            _listener.Start();
        }

        public ConcurrentQueue<long> Seen { get; } = [];

        public void Dispose() => _listener.Dispose();
    }

    private sealed class DecisionLog : ILoggerFactory, ILogger
    {
        private volatile string? _decision;

        public string? Decision => _decision;

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Name is "Batches" or "DoesNotBatch" or "BatchNotTried") _decision = eventId.Name;
        }

        public void Dispose()
        {
        }
    }
}
