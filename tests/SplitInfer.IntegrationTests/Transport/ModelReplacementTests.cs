using Microsoft.Extensions.Logging.Abstractions;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Codecs.Raw;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Endpoints;
using SplitInfer.Server;
using SplitInfer.Server.Models;
using SplitInfer.Tensors;
using SplitInfer.Testing.Wire;

namespace SplitInfer.IntegrationTests.Transport;

/// <summary>Models that are published, replaced and retired while they are in use.</summary>
public sealed class ModelReplacementTests : IDisposable
{
    private const int Replacements = 60, RequestsAModel = 8;

    private readonly ModelRegistry _registry = new("1.0");
    private readonly List<VersionedModel> _published = [];
    private volatile VersionedModel _replaced = new("replaced", 0);
    private volatile VersionedModel? _passing;
    private int _answers;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_answer_is_of_the_version_that_was_asked_whatever_is_published_replaced_and_retired(bool onOneConnection)
    {
        var steady = new VersionedModel("steady", 255);
        _registry.Publish(steady);
        Publish(_replaced);
        var server = ServerComposition.CreateFrameServer(_registry, CodecRegistry.Default, new() { MaxQueuedRuns = 1000 }, TimeProvider.System, NullLogger.Instance);
        var address = server.Start([new Uri("tcp://127.0.0.1:0")])[0];
        var connections = 0;
        await using var link = new ServerLink(
            token =>
            {
                Interlocked.Increment(ref connections);
                return Endpoint.Parse(address).ConnectAsync(token);
            },
            address.ToString(), CodecRegistry.Default, new(), TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var clients = new Func<VersionedModel?>[] { () => steady, () => _replaced, () => _replaced, () => _passing }
            .Select((choose, worker) => Task.Run(() => AskAsync(TransportTo, choose, new Random(worker), stop.Token), CancellationToken.None)).ToArray();

        for (var version = 1; version <= Replacements && !clients.Any(static c => c.IsCompleted); version++)
        {
            var before = Volatile.Read(ref _answers);
            Publish(_replaced = new("replaced", (byte)version));
            if (_passing is { } passing)
            {
                _passing = null;
                Assert.True(_registry.Retire(passing));
            }
            else
            {
                Publish(_passing = new("passing", (byte)version));
            }

            while (Volatile.Read(ref _answers) < before + 5 && !clients.Any(static c => c.IsCompleted)) await Task.Delay(1);
        }

        await stop.CancelAsync();
        await Task.WhenAll(clients);
        await server.DisposeAsync();
        Assert.Equal(onOneConnection ? 1 : 0, connections);
        Assert.All(_published.Where(m => m != _replaced && m != _passing), static m => Assert.Equal(1, m.Disposals));
        Assert.Equal((0, 0, 0), (steady.Disposals, _replaced.Disposals, _passing?.Disposals ?? 0));

        RemoteTailTransport TransportTo(VersionedModel model) => onOneConnection
            ? new(link.TryAddReference() ? link : throw new ObjectDisposedException(nameof(ServerLink)), new(model.Name, "", model.Plan))
            : new(address, model.Name, "", model.Plan, CodecRegistry.Default, new(), TimeProvider.System);
    }

    public void Dispose() => _registry.Dispose();

    private void Publish(VersionedModel model)
    {
        _registry.Publish(model);
        _published.Add(model);
    }

    /// <summary>Opens one version after the other, and holds every answer against what that version yields.</summary>
    private async Task AskAsync(Func<VersionedModel, RemoteTailTransport> transportTo, Func<VersionedModel?> choose, Random random, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            if (choose() is not { } model)
            {
                await Task.Delay(1, CancellationToken.None);
                continue;
            }

            await using var transport = transportTo(model);
            try
            {
                await Task.WhenAll(Ask(), Ask());
            }
            catch (TailRefusedException refused) when (refused.Code is RefusalCode.ModelMismatch or RefusalCode.UnknownModel && choose() != model)
            {
                // It was replaced or retired before it was opened.
                continue;
            }

            // From here on the handle has its version, whether that is still published or not.
            for (var request = 2; request < RequestsAModel; request++) await Ask();

            Task Ask() => AskOnceAsync(transport, model, random.Next(3) switch { 0 => WirePlan.Symbolic, 1 => WirePlan.Large, _ => WirePlan.Fixed }, random.Next());
        }
    }

    private async Task AskOnceAsync(RemoteTailTransport transport, VersionedModel model, int partition, int seed)
    {
        var boundary = WirePlan.Boundary(partition, n: 3, seed);
        var expected = model.OutputsFor(partition, boundary);
        var request = new TailRequest
        {
            Partition = model.Plan.Partitions[partition], Codec = new RawCodec(), Boundary = boundary,
            SymbolSizes = BoundaryLayout.For(model.Plan.Partitions[partition].Boundary).Measure(boundary),
        };
        using var reply = await transport.SendAsync(request);
        foreach (var (due, got) in expected.Zip(reply.Outputs)) Assert.True(due.Bytes.Span.SequenceEqual(got!.Bytes.Span), $"An answer to {model.Name} is not of the version that was asked.");
        Interlocked.Increment(ref _answers);
    }
}
