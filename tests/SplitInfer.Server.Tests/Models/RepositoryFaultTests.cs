using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using SplitInfer.Server.Models;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Server.Tests.Models;

/// <summary>Whatever fails beside a model, or happens while others are read, nothing is lost of the rest.</summary>
public sealed class RepositoryFaultTests : RepositoryTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task A_logger_that_throws_at_a_model_that_is_served_takes_nothing_back()
    {
        await using var server = await StartAsync(logLine: static line =>
        {
            if (line.StartsWith("Serving good", StringComparison.Ordinal)) throw new InvalidOperationException("The log is full.");
        });
        Assert.Equal("good", Assert.Single(server.Models).Name);
        Assert.Empty(server.RefusedModels);
    }

    [Fact]
    public async Task A_logger_that_throws_does_not_end_the_watch()
    {
        await using var server = await StartAsync(logLine: static line =>
        {
            if (line.Contains("Not serving bad", StringComparison.Ordinal)) throw new InvalidOperationException("The log is full.");
        });
        Directory.CreateDirectory(Folder["bad/1"]);
        File.WriteAllText(Folder["bad/1/model.onnx"], "no model");
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!HasSeen("Not serving bad")) await Task.Delay(20, patience.Token);
        Save("next", "1", "Relu");
        while (server.Models.All(static model => model.Name != "next")) await Task.Delay(20, patience.Token);
    }

    [Fact]
    public async Task A_logger_that_throws_at_what_is_no_model_keeps_no_other_from_being_served()
    {
        await using var server = await StartAsync(logLine: static line =>
        {
            if (line.Contains("Not serving linked", StringComparison.Ordinal)) throw new InvalidOperationException("The log is full.");
        });
        Directory.CreateSymbolicLink(Folder["linked"], Folder["good"]);
        await Until(() => HasSeen("Not serving linked"));
        Save("next", "1", "Relu");
        await Until(() => server.Models.Count == 2);
    }

    [Fact]
    public async Task A_model_that_is_exchanged_while_others_are_planned_is_served_as_it_is_then()
    {
        Save("a", "1", "Sigmoid");
        var options = OptionsWith(onOptimize: (model, _) =>
        {
            if (Has(model, "Sigmoid")) Save("good", "1", "LeakyRelu");
        });
        options.WatchModels = false;
        await using var server = await StartAsync(options);
        Assert.Empty(server.RefusedModels);
        Assert.Equal(["a", "good"], server.Models.Select(static m => m.Name));
    }

    [Fact]
    public async Task The_external_data_of_a_model_that_cannot_be_planned_is_not_kept()
    {
        var g = new GraphBuilder();
        var sum = g.Node("Add", [g.Input("x", ElementType.Float32, 1, 64), g.Initializer(TensorValue.From<float>(new float[64], 1, 64))]);
        g.Output(g.Node("Tanh", [sum]), "y");
        g.Save(Folder["unforeseen/1/model.onnx"], "weights.bin");
        string? copy = null;
        await using var server = await StartAsync(OptionsWith(onOptimize: (model, folder) =>
        {
            if (Has(model, "Tanh")) copy = folder;
        }));
        Assert.Equal("unforeseen", Assert.Single(server.RefusedModels).Name);
        Assert.NotNull(copy);
        Assert.False(Directory.Exists(copy));
    }

    [Fact]
    public async Task A_model_that_comes_back_as_broken_as_it_went_is_refused_as_before()
    {
        using var elsewhere = new TestFolder();
        await using var server = await StartAsync();
        File.WriteAllText(Folder["good/1/model.onnx"], "no model");
        await Until(() => server.RefusedModels.Count == 1);
        var reason = server.RefusedModels.Single().Reason;
        File.WriteAllText(Folder["other/1/model.onnx"], "no model");
        await Until(() => server.RefusedModels.Count == 2);
        Directory.Move(Folder["good"], elsewhere["good"]);
        await Until(() => server.RefusedModels.Any(static model => model.Reason.Contains("is gone", StringComparison.Ordinal)));
        Directory.Move(elsewhere["good"], Folder["good"]);
        await Until(() => !server.RefusedModels.Any(static model => model.Reason.Contains("is gone", StringComparison.Ordinal)));
        Assert.Contains(reason, server.RefusedModels.Select(static model => model.Reason));
    }

    [Fact]
    public async Task Stopping_waits_for_a_model_that_is_being_planned_no_longer_than_it_may()
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var end = new ManualResetEventSlim();
        await using var server = await StartAsync(OptionsWith(onOptimize: (model, _) =>
        {
            if (!Has(model, "Sigmoid")) return;
            begun.TrySetResult();
            end.Wait(Patience);
        }));
        Save("late", "1", "Sigmoid");
        await begun.Task.WaitAsync(Patience);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => server.StopAsync(new CancellationToken(canceled: true)));
        end.Set();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_trial_that_does_not_end_when_it_must_is_left_behind(bool blocksItsThread)
    {
        Save("late", "1", "Relu");
        using var trial = new Stubborn(blocksItsThread);
        var time = new FakeTimeProvider();
        var server = new SplitInferServer(Options.Create(OptionsWith(trial)), NullLogger<SplitInferServer>.Instance, time);
        var starting = server.StartAsync(CancellationToken.None);
        await Until(() => starting.IsCompleted, time);
        await starting;
        await trial.Begun.Task.WaitAsync(Patience);
        var stopping = server.DisposeAsync().AsTask();
        await Until(() => stopping.IsCompleted, time);
        await stopping;
    }

    /// <summary>Tries a late model for as long as a test runs, whatever its token says.</summary>
    private sealed class Stubborn(bool blocksItsThread) : IModelTrial, IDisposable
    {
        private readonly ManualResetEventSlim _end = new();
        private readonly TaskCompletionSource<string?> _ended = new();

        public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ValueTask<string?> TryAsync(string path, CancellationToken cancellationToken)
        {
            if (!path.Contains("late", StringComparison.Ordinal)) return new((string?)null);
            Begun.TrySetResult();
            if (blocksItsThread) _end.Wait(Patience, CancellationToken.None);
            return new(_ended.Task);
        }

        public void Dispose() => _end.Set();
    }
}
