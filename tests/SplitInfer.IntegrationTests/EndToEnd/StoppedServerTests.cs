using SplitInfer.Client;
using SplitInfer.Client.Transport;
using SplitInfer.Policies;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>A server whose process is stopped: the system keeps its connections open and takes what is sent.</summary>
public class StoppedServerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [UnixTheory]
    [InlineData(OnServerFailure.FinishOnDevice)]
    [InlineData(OnServerFailure.Throw)]
    public async Task A_fixed_partition_gives_it_up(OnServerFailure onFailure)
    {
        using var folder = new TestFolder();
        var path = folder["demo/1/model.onnx"];
        await File.WriteAllBytesAsync(path, UNet.Build().ToBytes());
        using var server = await ServerProcess.StartAsync(folder.Path, "--threads", "1");
        var options = new SplitInferenceOptions
        {
            ModelPath = path, Server = server.Address, Policy = PolicyNames.Fixed, Partition = 1, OnServerFailure = onFailure,
            Transport = new() { NoProgressTimeout = TimeSpan.FromSeconds(0.4) },
        };
        options.Execution.IntraOpThreads = 1;
        await using var client = await SplitInferenceClient.CreateAsync(options);
        using var input = RandomTensor.Normal(new Random(1), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
        // A server that is still loading may look as silent as one that is stopped.
        var healthy = await client.InferAsync(input);
        using (var limit = new CancellationTokenSource(Patience))
        {
            while (healthy.Source != InferenceSource.Split)
            {
                healthy.Dispose();
                healthy = await client.InferAsync(input, cancellationToken: limit.Token);
            }
        }

        using var first = healthy;
        server.Suspend();
        var stopped = client.InferAsync(input).AsTask().WaitAsync(Patience);
        if (onFailure == OnServerFailure.Throw)
        {
            Assert.Contains("made no progress for 0.4 s", (await Assert.ThrowsAsync<ServerUnreachableException>(() => stopped)).Message, StringComparison.Ordinal);
            return;
        }

        using var result = await stopped;
        Assert.Equal(InferenceSource.Device, result.Source);
        // The device begins before the connection is given up, and may end after it.
        Assert.Matches("showed no sign of life for 0.2 s|made no progress for 0.4 s", Assert.IsType<ServerUnreachableException>(result.ServerFailure).Message);
        Assert.True(TensorDifference.Between(healthy.Outputs[0], result.Outputs[0]).IsWithin(1e-4));
    }

    /// <summary>A theory about signals, which not every system has.</summary>
    private sealed class UnixTheoryAttribute : TheoryAttribute
    {
        public UnixTheoryAttribute()
        {
            if (OperatingSystem.IsWindows()) Skip = "This system cannot stop a process by a signal.";
        }
    }
}
