using System.Net;
using SplitInfer.Execution;
using SplitInfer.Server;
using SplitInfer.Tensors;

namespace SplitInfer.IntegrationTests.OpenInference;

/// <summary>Requests while they run, and what is told of them.</summary>
public sealed class RunningRequestTests
{
    private const string Request = """{"inputs":[{"name":"a","shape":[1,3],"datatype":"FP32","data":[1,2,3]},{"name":"b","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]}""";

    private readonly TaskCompletionSource _began = new(TaskCreationOptions.RunContinuationsAsynchronously), _gate = new(TaskCreationOptions.RunContinuationsAsynchronously), _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task A_request_that_runs_is_answered_while_the_server_stops()
    {
        await using var server = await StartAsync();
        var answering = server.InferAsync(Request);
        await _began.Task;
        var stopping = server.Server.StopAsync(CancellationToken.None);
        Assert.False(stopping.IsCompleted);
        _gate.SetResult();
        Assert.Equal(HttpStatusCode.OK, (await answering).Status);
        await stopping;
    }

    [Fact]
    public async Task A_request_whose_client_leaves_is_stopped()
    {
        await using var server = await StartAsync();
        using var leave = new CancellationTokenSource();
        using var client = new HttpClient();
        var answering = client.PostAsync(new Uri(server.Address, "/v2/models/m/infer"), new StringContent(Request), leave.Token);
        await _began.Task;
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answering);
        await _stopped.Task;
        while (server.Server.HeldBytes > 0) await Task.Delay(1);
    }

    [Fact]
    public async Task A_server_that_has_too_much_to_do_says_when_to_come_back()
    {
        await using var server = await StartAsync(static options => (options.Limits.MaxConcurrentRuns, options.Limits.MaxQueuedRuns) = (1, 0));
        var answering = server.InferAsync(Request);
        await _began.Task;
        var refused = await server.InferAsync(Request);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.Status);
        Assert.NotNull(refused.Headers.RetryAfter);
        // Refused by its headers: nothing of the body is read.
        Assert.Equal(HttpStatusCode.TooManyRequests, (await server.InferAsync("no JSON")).Status);
        _gate.SetResult();
        Assert.Equal(HttpStatusCode.OK, (await answering).Status);
    }

    [Fact]
    public async Task Requests_are_counted_as_those_of_the_frames_are()
    {
        using var counted = new CountedRequests("counted");
        _gate.SetResult();
        await using var server = await StartAsync(static options => options.Models[0] = options.Models[0] with { Name = "counted" });
        Assert.Equal(HttpStatusCode.OK, (await server.InferAsync(Request, "/v2/models/counted/infer")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await server.InferAsync("{}", "/v2/models/counted/infer")).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Get, "/v2/models/counted/ready")).Status);
        await server.DisposeAsync();
        Assert.Equal(["1 Json", "1 Json invalid_payload"], counted.All);
    }

    private Task<InferenceServer> StartAsync(Action<SplitInferServerOptions>? configure = null) => InferenceServer.StartAsync(SmallModels.Sum(), options =>
    {
        options.Execution = new() { WrapRunner = segment => new GatedRunner(segment, this) };
        configure?.Invoke(options);
    });

    /// <summary>Waits before it runs.</summary>
    private sealed class GatedRunner(ISegmentRunner segment, RunningRequestTests test) : ISegmentRunner
    {
        public IReadOnlyList<TensorSpec> Inputs => segment.Inputs;

        public IReadOnlyList<TensorSpec> Outputs => segment.Outputs;

        public async ValueTask RunAsync(ReadOnlyMemory<TensorValue> inputs, Memory<TensorValue> outputs, CancellationToken cancellationToken = default)
        {
            test._began.TrySetResult();
            try
            {
                await test._gate.Task.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                test._stopped.TrySetResult();
                throw;
            }

            await segment.RunAsync(inputs, outputs, cancellationToken);
        }

        public void Dispose() => segment.Dispose();
    }
}
