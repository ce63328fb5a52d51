using SplitInfer.Client;
using SplitInfer.IntegrationTests.EndToEnd;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.Availability;

/// <summary>A model directory that changes while clients send without a pause.</summary>
public sealed class ReloadTests : IAsyncLifetime
{
    private static readonly byte[] Model = UNet.Build().ToBytes();

    private Deployment _deployment = null!;

    private string Root => _deployment.ModelsDirectory;

    // Looked at often, since a test need not wait for the system to say that something has changed.
    public async Task InitializeAsync() => _deployment = await Deployment.StartAsync(Model, static options => options.ModelPollInterval = TimeSpan.FromSeconds(0.2));

    public async Task DisposeAsync() => await _deployment.DisposeAsync();

    [Fact]
    public async Task A_model_that_is_replaced_by_itself_goes_on_without_a_failed_request()
    {
        await using var load = await SteadyLoad.StartAsync(_deployment.Model, OnServerFailure.Throw, _deployment.Server.Endpoints[0]);
        for (var round = 0; round < 3; round++)
        {
            await load.AnswerAsync(3);
            Put("demo/1/model.onnx", Model);
            Put($"demo/{round + 2}/model.onnx", Model);
            await WaitAsync(() => _deployment.Server.Models.Any(model => model.Version == $"{round + 2}"));
        }

        await load.AnswerAsync(5);
        Directory.Delete(Path.Combine(Root, "demo/3"), recursive: true);
        await WaitAsync(() => _deployment.Server.Models.All(static model => model.Version != "3"));
        await load.AnswerAsync(5);
        await load.StopAsync();
        Assert.Null(load.Degraded);
        Assert.Equal(["4", "2", "1"], _deployment.Server.Models.Select(static model => model.Version));
    }

    [Fact]
    public async Task Another_model_under_the_same_version_never_answers_those_who_have_the_old_one()
    {
        await using var load = await SteadyLoad.StartAsync(_deployment.Model, OnServerFailure.Throw, _deployment.Server.Endpoints[0]);
        await load.AnswerAsync(3);
        var (fingerprint, other) = (_deployment.Server.Models[0].Fingerprint, UNet.Build(seed: 77).ToBytes());
        // The client's own copy is the one that it read.
        Put("demo/1/model.onnx", other);
        await WaitAsync(() => _deployment.Server.Models[0].Fingerprint != fingerprint);
        await load.AnswerAsync(10); // right results, or the load throws
        await load.StopAsync();

        // The client that begins now has the new file, and the server too.
        await using var next = await SteadyLoad.StartAsync(_deployment.Model, OnServerFailure.Throw, _deployment.Server.Endpoints[0]);
        await next.AnswerAsync(3);
        await next.StopAsync();
        Assert.Null(next.Degraded);
    }

    [Fact]
    public async Task What_cannot_be_served_leaves_what_is_served_as_it_is()
    {
        await using var load = await SteadyLoad.StartAsync(_deployment.Model, OnServerFailure.Throw, _deployment.Server.Endpoints[0]);
        Put("demo/2/model.onnx", Model[..(Model.Length / 2)]);
        Put("demo/1/model.onnx", "no model"u8.ToArray());
        await WaitAsync(() => _deployment.Server.RefusedModels.Count == 2);
        Assert.Equal(["1", "2"], _deployment.Server.RefusedModels.Select(static model => model.Version).Order());
        Assert.Contains("is served meanwhile", _deployment.Server.RefusedModels.Single(static model => model.Version == "1").Reason, StringComparison.Ordinal);
        Assert.Equal(["1"], _deployment.Server.Models.Select(static model => model.Version));
        await load.AnswerAsync(5);

        Put("demo/2/model.onnx", Model);
        Put("demo/1/model.onnx", Model);
        await WaitAsync(() => _deployment.Server.RefusedModels.Count == 0);
        await load.AnswerAsync(5);
        await load.StopAsync();
        Assert.Null(load.Degraded);
    }

    [Fact]
    public async Task A_directory_that_is_not_there_any_more_changes_nothing()
    {
        Directory.Move(Path.Combine(Root, "demo"), Path.Combine(Root, ".demo"));
        await using var load = await SteadyLoad.StartAsync(Path.Combine(Root, ".demo/1/model.onnx"), OnServerFailure.Throw, _deployment.Server.Endpoints[0]);
        // Longer than it would take to see a model go.
        await Task.Delay(TimeSpan.FromSeconds(1));
        await load.AnswerAsync(3);
        await load.StopAsync();
        Assert.Equal(["1"], _deployment.Server.Models.Select(static model => model.Version));
    }

    /// <summary>Puts a file where it is to be in one step.</summary>
    private void Put(string path, byte[] content)
    {
        var target = Path.Combine(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        var temporary = Path.Combine(Root, ".new");
        File.WriteAllBytes(temporary, content);
        File.Move(temporary, target, overwrite: true);
    }

    private static async Task WaitAsync(Func<bool> isReached)
    {
        while (!isReached()) await Task.Delay(20);
    }
}
