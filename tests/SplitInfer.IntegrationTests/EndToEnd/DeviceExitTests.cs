using SplitInfer.Client;
using SplitInfer.Exits;
using SplitInfer.Server;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>Exits of the device, with the real engine and a server behind a socket.</summary>
public sealed class DeviceExitTests : IDisposable
{
    private readonly UntaughtExits _exits = new();

    public void Dispose() => _exits.Dispose();

    [Fact]
    public async Task Every_exit_that_is_sure_answers_as_its_head_does_and_no_server_is_asked()
    {
        await using var server = await ServeAsync();
        foreach (var cut in _exits.Cuts)
        {
            var exits = _exits.At(threshold: 0, cut);
            await using var client = await ConnectAsync(server, exits, cut);
            using var result = await client.InferAsync(_exits.Inputs);
            var (confidence, scores) = _exits.Expected(exits, 1);
            Assert.Equal((1, InferenceSource.Device, 0L, null), (result.Exit, result.Source, result.BytesSent, result.Server));
            Assert.Equal(confidence, result.Confidence, 3);
            AssertLikeTheModels(result);
            UntaughtExits.AssertSame(scores, result.Outputs[0]);
            Assert.Contains("exit 1", result.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Where_no_exit_is_sure_or_more_is_asked_for_the_result_is_the_models()
    {
        await using var server = await ServeAsync();
        foreach (var (threshold, minQuality) in new (double, double?)[] { (1, null), (0, 1), (0, 0.995) })
        {
            await using var client = await ConnectAsync(server, _exits.At(threshold, _exits.Cuts[1]), _exits.Cuts[1]);
            using var result = await client.InferAsync(_exits.Inputs, new InferenceRequest { MinQuality = minQuality });
            Assert.Equal((0, 0.0, InferenceSource.Split), (result.Exit, result.Confidence, result.Source));
            UntaughtExits.AssertSame(_exits.Own, result.Outputs[0]);
        }
    }

    [Fact]
    public async Task A_policy_that_learns_gives_what_an_exit_or_the_model_says_and_nothing_else()
    {
        var exits = _exits.At(threshold: 0, [.. _exits.Cuts]);
        await using var client = await ConnectAsync(server: null, exits, partition: null);
        var expected = Enumerable.Range(1, 3).Select(exit => _exits.Expected(exits, exit).Scores).Prepend(_exits.Own).ToArray();
        for (var request = 0; request < 20; request++)
        {
            using var result = await client.InferAsync(_exits.Inputs, new InferenceRequest { Deadline = request % 2 == 0 ? null : TimeSpan.FromSeconds(30) });
            UntaughtExits.AssertSame(expected[result.Exit], result.Outputs[0]);
        }
    }

    [Fact]
    public async Task Each_answer_comes_on_the_way_and_the_models_own_is_the_last()
    {
        var exits = _exits.At(threshold: 1, [.. _exits.Cuts]);
        await using var client = await ConnectAsync(server: null, exits, partition: null);
        var (last, sure) = (-1, 0.0);
        await foreach (var answer in client.InferProgressiveAsync(_exits.Inputs))
        {
            using (answer)
            {
                AssertLikeTheModels(answer);
                Assert.NotEqual(0, last);
                if (answer.Exit > 0) Assert.True(answer.Exit > last && answer.Confidence > sure, "It is not better than the one before.");
                UntaughtExits.AssertSame(answer.Exit > 0 ? _exits.Expected(exits, answer.Exit).Scores : _exits.Own, answer.Outputs[0]);
                (last, sure) = (answer.Exit, answer.Confidence);
            }
        }

        Assert.Equal(0, last);
    }

    [Fact]
    public async Task A_reader_who_leaves_has_the_first_answer_and_the_client_goes_on()
    {
        await using var client = await ConnectAsync(server: null, _exits.At(threshold: 1, [.. _exits.Cuts]), partition: null);
        for (var request = 0; request < 5; request++)
        {
            await foreach (var answer in client.InferProgressiveAsync(_exits.Inputs))
            {
                using (answer) Assert.Equal(1, answer.Exit);
                break;
            }
        }

        using var result = await client.InferAsync(_exits.Inputs, new InferenceRequest { Partition = client.Plan.AllOnDevice.Index });
        UntaughtExits.AssertSame(_exits.Own, result.Outputs[0]);
    }

    [Fact]
    public async Task Exits_of_another_model_or_plan_and_folders_without_any_are_refused_with_what_to_do()
    {
        var exits = _exits.At(threshold: 1, _exits.Cuts[0]);
        Directory.CreateDirectory(_exits["empty"]);
        string[] paths = [_exits.Save("other.exits.json", exits with { Model = exits.Plan }), _exits.Save("plan.exits.json", exits with { Plan = exits.Model }), _exits["empty"]];
        foreach (var path in paths)
        {
            var error = await Assert.ThrowsAsync<InvalidExitsException>(() => SplitInferenceClient.CreateAsync(new() { ModelPath = _exits.Model.Source, Exits = path }).AsTask());
            Assert.Contains("splitinfer exits add", error.Message, StringComparison.Ordinal);
        }

        await Assert.ThrowsAnyAsync<Exception>(() => SplitInferenceClient.CreateAsync(new() { ModelPath = _exits.Model.Source, Exits = _exits["missing.exits.json"] }).AsTask());
    }

    private void AssertLikeTheModels(InferenceResult result)
    {
        var output = Assert.Single(result.Outputs);
        Assert.True(_exits.Model.Plan.Outputs[0].Accepts(output.ElementType, output.Shape));
        Assert.Same(output, result[_exits.Model.Plan.Outputs[0].Name]);
    }

    private Task<SplitInferServer> ServeAsync()
    {
        var options = new SplitInferServerOptions { Listen = { new("tcp://127.0.0.1:0") }, Execution = { IntraOpThreads = 1 } };
        options.Models.Add(new("resnet", "1", _exits.Model));
        return SplitInferServer.StartAsync(options).AsTask();
    }

    private async Task<SplitInferenceClient> ConnectAsync(SplitInferServer? server, ModelExits exits, int? partition) => await SplitInferenceClient.CreateAsync(new()
    {
        ModelPath = _exits.Model.Source,
        Server = server?.Endpoints[0],
        Partition = partition,
        Exits = _exits.Save("resnet.exits.json", exits),
        Execution = { IntraOpThreads = 1 },
    });
}
