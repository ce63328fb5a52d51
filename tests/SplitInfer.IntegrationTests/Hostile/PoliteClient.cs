using SplitInfer.Client;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.Hostile;

/// <summary>A client that makes one request after the other, with a pause between, as an application does.</summary>
internal sealed class PoliteClient : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly SplitInferenceClient _client;
    private readonly TensorValue _input;

    public PoliteClient(SplitInferenceClient client) =>
        (_client, _input) = (client, RandomTensor.Normal(new Random(1), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions));

    /// <summary>Waits until the server has answered.</summary>
    public async Task RequireServedAsync()
    {
        for (var attempt = 0; attempt < 600; attempt++)
        {
            if (await TryInferAsync(expected: null) is null) return;
            await Task.Delay(50);
        }

        Assert.Fail($"The server did not answer within 30 s. {_client.ServerFailure?.Message}");
    }

    /// <summary>Makes requests until told to stop: all results are right. Tells how many the server gave, how many it did not, and why the first of those.</summary>
    public async Task<(int Served, int Others, SplitInferException? Failure)> InferAsync(Func<int, bool> isEnough)
    {
        using var expected = await _client.InferAsync(_input, new() { Partition = _client.Plan.AllOnDevice.Index });
        var (served, others, first) = (0, 0, default(SplitInferException));
        while (!isEnough(served + others))
        {
            if (await TryInferAsync(expected) is { } failure) (others, first) = (others + 1, first ?? failure);
            else served++;
            await Task.Delay(Pause);
        }

        return (served, others, first);
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        _input.Dispose();
    }

    /// <summary>Has the server answer once; null where it does.</summary>
    private async Task<SplitInferException?> TryInferAsync(InferenceResult? expected)
    {
        try
        {
            using var result = await _client.InferAsync(_input);
            Assert.Equal(InferenceSource.Server, result.Source);
            if (expected is not null) Assert.True(TensorDifference.Between(expected.Outputs[0], result.Outputs[0]).IsWithin(1e-4), "Another result.");
            return null;
        }
        catch (SplitInferException failure)
        {
            return failure;
        }
    }
}
