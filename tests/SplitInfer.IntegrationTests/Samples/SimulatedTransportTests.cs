using CustomTransport;
using SplitInfer.Client;
using SplitInfer.Client.Transport;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Policies;
using SplitInfer.Segments;
using SplitInfer.Tensors;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.Samples;

/// <summary>The sample's transport is one: results are those of the whole model, and failures and cancellations end as with a real server.</summary>
public sealed class SimulatedTransportTests : IDisposable
{
    private readonly PartitionedModel _model = PartitionedModel.From(OnnxModel.Parse(ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes()));
    private readonly TensorValue[] _inputs;
    private readonly TensorValue[] _expected;

    public SimulatedTransportTests()
    {
        _inputs = [.. _model.MakeInputs(seed: 3)];
        using var whole = LoadedCut.Load(_model, _model.Plan.AllOnDevice.Index);
        _expected = whole.Run(_inputs);
    }

    public void Dispose()
    {
        foreach (var tensor in (TensorValue[])[.. _inputs, .. _expected]) tensor.Dispose();
    }

    [Theory]
    [InlineData("Raw")]
    [InlineData("ZeroBitmapEntropy")]
    public async Task Every_arm_gives_the_outputs_of_the_whole_model(string codec)
    {
        await using var client = await ConnectAsync(NewTransport(), options => options.Codec = codec);
        foreach (var arm in _model.Plan.Arms)
        {
            using var result = await client.InferAsync(_inputs, new() { Partition = arm.Index });
            RequireExpected(result);
            if (arm != _model.Plan.AllOnDevice) Assert.Equal((codec, true), (result.Codec, result.BytesSent > 0));
        }
    }

    [Fact]
    public async Task The_device_finishes_what_the_transport_fails()
    {
        var transport = NewTransport();
        await using var client = await ConnectAsync(transport);
        using (var served = await client.InferAsync(_inputs)) Assert.Equal(InferenceSource.Server, served.Source);
        transport.IsUp = false;
        using var result = await client.InferAsync(_inputs);
        Assert.Equal(InferenceSource.Device, result.Source);
        Assert.IsType<ServerUnreachableException>(result.ServerFailure);
        RequireExpected(result);
        await Assert.ThrowsAsync<ServerUnreachableException>(() => transport.PingAsync().AsTask());
    }

    [Fact]
    public async Task A_cancelled_request_frees_the_link_for_the_next()
    {
        var simulated = NewTransport();
        var transport = new Announcing(simulated);
        await using var client = await ConnectAsync(transport);
        using var stop = new CancellationTokenSource();
        simulated.BitsPerSecond = 1;
        var cancelled = client.InferAsync(_inputs, cancellationToken: stop.Token).AsTask();
        await transport.IsSending.Task;
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);

        simulated.BitsPerSecond = 1e9;
        using var result = await client.InferAsync(_inputs);
        Assert.Equal(InferenceSource.Server, result.Source);
        RequireExpected(result);
    }

    private SimulatedTransport NewTransport() => new(_model, bitsPerSecond: 1e9, roundTrip: TimeSpan.FromMilliseconds(1));

    private ValueTask<SplitInferenceClient> ConnectAsync(ITailTransport transport, Action<SplitInferenceOptions>? configure = null)
    {
        var options = new SplitInferenceOptions { Servers = [new() { Transport = transport }], Policy = PolicyNames.AllOnServer };
        configure?.Invoke(options);
        return SplitInferenceClient.CreateAsync(options, _model);
    }

    private void RequireExpected(InferenceResult result)
    {
        foreach (var (expected, actual) in _expected.Zip(result.Outputs)) Assert.InRange(TensorDifference.Between(expected, actual).MaxMixed, 0, 1e-4);
    }

    /// <summary>Tells when a request is on its way.</summary>
    private sealed class Announcing(ITailTransport inner) : ITailTransport
    {
        public TaskCompletionSource IsSending { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ValueTask<TailReply> SendAsync(TailRequest request, CancellationToken cancellationToken = default)
        {
            var reply = inner.SendAsync(request, cancellationToken);
            IsSending.TrySetResult();
            return reply;
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
