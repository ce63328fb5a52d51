using SplitInfer.Client;
using SplitInfer.Client.Transport;
using SplitInfer.Policies;
using SplitInfer.Protocol;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>Transports of an application's own that do what they must not: the device finishes the request, and the result says why.</summary>
public class OddTransportTests
{
    private static readonly byte[] Model = UNet.Build().ToBytes();

    private static readonly Dictionary<string, Func<TailRequest, TailReply>> Faults = new()
    {
        ["an exception of any kind"] = static _ => throw new InvalidOperationException("The radio is off."),
        ["no reply"] = static _ => null!,
        ["no outputs"] = static _ => new([], default),
        ["no tensor"] = static request => new(new TensorValue[request.Partition.TailOutputs.Length], default),
        ["another type"] = static request => new([.. request.Partition.TailOutputs.Select(static output => TensorValue.Allocate(ElementType.Int32, output.Shape))], default),
        ["another shape"] = static request => new([.. request.Partition.TailOutputs.Select(static output => TensorValue.Allocate(output.Type, new(1, 1)))], default),
        ["too large outputs"] = static _ => throw new SizeLimitException("The outputs are larger than the client accepts."),
    };

    public static TheoryData<string> Names => [.. Faults.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_device_finishes_what_a_transport_spoils(string fault)
    {
        await using var deployment = await Deployment.StartAsync(Model);
        await using var client = await deployment.ConnectAsync(_ => new OddTransport(Faults[fault]), static options => options.Policy = PolicyNames.AllOnServer);
        using var input = RandomTensor.Normal(new Random(1), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
        using var whole = await client.InferAsync(input, new() { Partition = client.Plan.AllOnDevice.Index });
        using var result = await client.InferAsync(input);
        Assert.Equal(InferenceSource.Device, result.Source);
        Assert.NotNull(result.ServerFailure);
        Assert.True(TensorDifference.Between(whole.Outputs[0], result.Outputs[0]).IsWithin(1e-4));
    }

    [Fact]
    public async Task Who_gives_up_while_the_server_fails_is_told_that_and_not_the_failure()
    {
        await using var deployment = await Deployment.StartAsync(Model);
        using var giveUp = new CancellationTokenSource();
        await using var client = await deployment.ConnectAsync(_ => new OddTransport(_ =>
        {
            giveUp.Cancel();
            throw new TailRefusedException(RefusalCode.Failed, "It fails at the same moment.");
        }), static options => options.Partition = 1);
        using var input = RandomTensor.Normal(new Random(1), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await client.InferAsync(input, cancellationToken: giveUp.Token));
    }

    /// <summary>What a clock of the other end says cannot be more than the request took.</summary>
    [Theory]
    [InlineData(double.NaN)]
    [InlineData(1e9)]
    [InlineData(-1)]
    public async Task Times_that_cannot_be_are_left_out(double seconds)
    {
        await using var deployment = await Deployment.StartAsync(Model);
        await using var client = await deployment.ConnectAsync(inner => new OddClock(inner, seconds), static options => options.Partition = 1);
        using var input = RandomTensor.Normal(new Random(1), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
        using var result = await client.InferAsync(input);
        Assert.Equal((InferenceSource.Split, 0), (result.Source, result.Timings.Server.TotalSeconds));
    }

    /// <summary>Some outputs of the model may be of the head, whoever says that an exit has answered.</summary>
    [Fact]
    public async Task A_reply_that_claims_to_be_of_an_exit_brings_no_fewer_outputs_than_the_model_has()
    {
        await using var deployment = await Deployment.StartAsync(Detector.Build().ToBytes());
        await using var client = await deployment.ConnectAsync(static inner => new Exiting(inner), static options => options.Policy = PolicyNames.AllOnServer);
        TensorValue[] inputs = [.. client.Plan.Inputs.Select(static input => RandomTensor.Normal(new Random(1), input.Type, input.Shape.Dimensions))];
        var cut = client.Plan.Partitions.First(partition => partition.IsAdmissible && partition.TailOutputs.Length > 0 && partition.TailOutputs.Length < client.Plan.Outputs.Length);
        using var whole = await client.InferAsync(inputs, new() { Partition = client.Plan.AllOnDevice.Index });
        using var result = await client.InferAsync(inputs, new() { Partition = cut.Index });
        Assert.Equal((1, whole.Outputs.Count), (result.Exit, result.Outputs.Count));
        foreach (var (expected, output) in whole.Outputs.Zip(result.Outputs)) Assert.True(TensorDifference.Between(expected, output).IsWithin(1e-4));
        foreach (var input in inputs) input.Dispose();
    }

    private sealed class OddTransport(Func<TailRequest, TailReply> reply) : ITailTransport
    {
        public ValueTask<TailReply> SendAsync(TailRequest request, CancellationToken cancellationToken = default) => new(reply(request));

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    /// <summary>Fails when it is withdrawn.</summary>
    private sealed class OddClock(ITailTransport inner, double seconds) : ITailTransport
    {
        public async ValueTask<TailReply> SendAsync(TailRequest request, CancellationToken cancellationToken = default)
        {
            var reply = await inner.SendAsync(request, cancellationToken);
            return new([.. reply.Outputs.Select(static output => output!)], new(0, 0, seconds, 0));
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    /// <summary>Says of each reply that the first exit has given it.</summary>
    private sealed class Exiting(ITailTransport inner) : ITailTransport
    {
        public async ValueTask<TailReply> SendAsync(TailRequest request, CancellationToken cancellationToken = default)
        {
            var reply = await inner.SendAsync(request, cancellationToken);
            return new([.. reply.Outputs.Select(static output => output!)], reply.Timings) { Exit = 1, Confidence = 0.5 };
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
