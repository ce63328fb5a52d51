using System.Runtime.CompilerServices;
using SplitInfer.Client;
using SplitInfer.Client.Streams;
using SplitInfer.Policies.Streams;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>Streams over real connections, through a real model.</summary>
public class StreamTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(null)]
    [InlineData(0)]
    [InlineData(3)]
    public async Task Every_frame_gives_what_the_whole_model_gives(int? arm)
    {
        await using var deployment = await Deployment.StartAsync(ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes(), static options => options.Limits.MaxInFlightPerConnection = 3);
        await using var client = await deployment.ConnectAsync();
        using var frames = await Frames.MakeAsync(client, count: 8);
        var options = new StreamOptions { Partition = arm is { } place ? client.Plan.Arms[place].Index : null };

        var next = 0;
        await foreach (var result in client.InferStreamAsync(frames.TakeAsync(count: 60), options))
        {
            using (result)
            {
                Assert.Equal((next++, StreamFate.Completed), (result.Frame, result.Outcome));
                frames.Check(result);
                if (arm is not null) Assert.NotEqual(InferenceSource.Device, result.Result!.Source);
                Assert.InRange(result.InFlight, 1, 4);
            }
        }

        Assert.Equal(60, next);
    }

    [Fact]
    public async Task A_server_that_is_killed_and_comes_back_costs_no_frame()
    {
        using var folder = new TestFolder();
        var path = folder["demo/1/model.onnx"];
        await File.WriteAllBytesAsync(path, ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes());
        var server = await ServerProcess.StartAsync(folder.Path, "--threads", "1");
        try
        {
            var options = new SplitInferenceOptions { ModelPath = path, Server = server.Address };
            options.Execution.IntraOpThreads = 1;
            await using var client = await SplitInferenceClient.CreateAsync(options);
            using var frames = await Frames.MakeAsync(client, count: 8);
            var (isBack, hasReturned, fromServer) = (false, false, 0);
            using var limit = new CancellationTokenSource(Patience);

            var next = 0;
            await foreach (var result in client.InferStreamAsync(SourceAsync(limit.Token), new() { Partition = client.Plan.Arms[2].Index }))
            {
                using (result)
                {
                    Assert.Equal((next++, StreamFate.Completed), (result.Frame, result.Outcome));
                    frames.Check(result);
                    if (result.Result!.Source == InferenceSource.Split) (fromServer, hasReturned) = (fromServer + 1, isBack);
                }
            }

            Assert.True(fromServer >= 20);
            Assert.True(hasReturned);

            // Goes on until frames come from the server that was started anew.
            async IAsyncEnumerable<TensorValue> SourceAsync([EnumeratorCancellation] CancellationToken stop)
            {
                for (var frame = 0; !hasReturned; frame++)
                {
                    stop.ThrowIfCancellationRequested();
                    if (frame == 30) server.Kill();
                    if (frame == 60)
                    {
                        server.Dispose();
                        server = await ServerProcess.StartAsync(folder.Path, "--threads", "1", "--listen", options.Server!.ToString());
                        isBack = true;
                    }

                    if (frame > 60) await Task.Delay(10, stop);
                    yield return frames[frame];
                }
            }
        }
        finally
        {
            server.Dispose();
        }
    }

    /// <summary>A few frames, which come again and again, with what the whole model makes of them.</summary>
    private sealed class Frames : IDisposable
    {
        private readonly List<TensorValue> _inputs = [];
        private readonly List<InferenceResult> _expected = [];

        public TensorValue this[int frame] => _inputs[frame % _inputs.Count];

        public static async Task<Frames> MakeAsync(SplitInferenceClient client, int count)
        {
            var frames = new Frames();
            for (var frame = 0; frame < count; frame++)
            {
                frames._inputs.Add(RandomTensor.Normal(new Random(frame), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions));
                frames._expected.Add(await client.InferAsync(frames._inputs[^1], new() { Partition = client.Plan.AllOnDevice.Index }));
            }

            return frames;
        }

        public async IAsyncEnumerable<TensorValue> TakeAsync(int count)
        {
            await Task.CompletedTask;
            for (var frame = 0; frame < count; frame++) yield return this[frame];
        }

        public void Check(StreamResult result)
        {
            Assert.Same(this[(int)result.Frame], result.Inputs.Span[0]);
            Assert.True(TensorDifference.Between(_expected[(int)result.Frame % _inputs.Count].Outputs[0], result.Result!.Outputs[0]).IsWithin(1e-4));
        }

        public void Dispose()
        {
            foreach (var input in _inputs) input.Dispose();
            foreach (var expected in _expected) expected.Dispose();
        }
    }
}
