using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using SplitInfer.Server.Models;

namespace SplitInfer.Server.Tests.Models;

/// <summary>One bad model of a directory does not stop the others.</summary>
public sealed class ModelRepositoryTests : RepositoryTests
{
    [Fact]
    public async Task Bad_models_are_logged_and_reported_and_the_good_one_is_served()
    {
        Save("nul", "1", "Relu", name: "x\0y");
        File.WriteAllText(Folder["text/1/model.onnx"], "no model");
        Save("unforeseen", "1", "Tanh");
        Save("name with spaces", "1", "Relu");
        Save("good", "version 2", "Relu");
        Directory.CreateSymbolicLink(Folder["linked"], Folder["good"]);
        Directory.CreateDirectory(Folder["linked-file/1"]);
        File.CreateSymbolicLink(Folder["linked-file/1/model.onnx"], Folder["good/1/model.onnx"]);

        await using var server = await StartAsync();

        Assert.Equal(["good 1"], server.Models.Select(static m => $"{m.Name} {m.Version}"));
        var refused = server.RefusedModels.ToDictionary(static m => $"{m.Name} {m.Version}".TrimEnd(), static m => m.Reason);
        Assert.Equal(["good version 2", "linked", "linked-file 1", "name with spaces", "nul 1", "text 1", "unforeseen 1"], refused.Keys.Order(StringComparer.Ordinal));
        Assert.Contains("NUL", refused["nul 1"], StringComparison.Ordinal);
        Assert.Contains("link", refused["linked"], StringComparison.Ordinal);
        Assert.Contains("link", refused["linked-file 1"], StringComparison.Ordinal);
        Assert.Contains("cannot be served", refused["name with spaces"], StringComparison.Ordinal);
        Assert.Contains("was not foreseen", refused["unforeseen 1"], StringComparison.Ordinal);
        Assert.All(server.RefusedModels, model => Assert.Contains(Log().Split('\n'), line => line.Contains($"Not serving {model.Name} {model.Version}", StringComparison.Ordinal) && line.Contains(model.Reason, StringComparison.Ordinal)));
        var health = await new ServerHealthCheck(server).CheckHealthAsync(new());
        Assert.Equal(HealthStatus.Healthy, health.Status);
        Assert.Equal(refused["nul 1"], health.Data["refused nul 1"]);
    }

    [Fact]
    public async Task A_server_without_any_model_that_can_be_served_does_not_start()
    {
        Directory.Delete(Folder["good"], recursive: true);
        Save("nul", "1", "Relu", name: "x\0y");
        File.WriteAllText(Folder["stray.onnx"], "a model");
        Directory.CreateDirectory(Folder["empty"]);
        Directory.CreateSymbolicLink(Folder["linked"], Folder["empty"]);

        var error = await Assert.ThrowsAsync<ModelRepositoryException>(async () => await StartAsync());

        Assert.Contains("None of the 2 models", error.Message, StringComparison.Ordinal);
        Assert.EndsWith($"The first: {Assert.IsAssignableFrom<SplitInferException>(error.InnerException).Message}", error.Message, StringComparison.Ordinal);
        Assert.Contains("NUL", error.Message, StringComparison.Ordinal);

        Directory.Delete(Folder["nul"], recursive: true);
        error = await Assert.ThrowsAsync<ModelRepositoryException>(async () => await StartAsync());
        Assert.Contains("The one model in", error.Message, StringComparison.Ordinal);
        Assert.Contains("is a link", error.Message, StringComparison.Ordinal);

        File.Delete(Folder["linked"]);
        error = await Assert.ThrowsAsync<ModelRepositoryException>(async () => await StartAsync());
        Assert.Contains("There is no model in", error.Message, StringComparison.Ordinal);
        Assert.Contains("stray/1/model.onnx", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Folders_and_models_that_are_not_where_a_model_is_looked_for_are_told_once()
    {
        Directory.CreateDirectory(Folder["flat"]);
        File.WriteAllText(Folder["flat/model.onnx"], "a model");
        File.WriteAllText(Folder["misnamed/1/squeezenet.onnx"], "a model");
        File.WriteAllText(Folder["stray.onnx"], "a model");
        await using var server = await StartAsync();
        Assert.Equal(["flat ", "misnamed 1", "stray.onnx "], server.RefusedModels.Select(static m => $"{m.Name} {m.Version}").Order(StringComparer.Ordinal));
        foreach (var words in (string[])["misnamed/1' has no model.onnx", "flat/1/model.onnx, where 1 is its version", "stray/1/model.onnx, where 1 is its version"]) Assert.Contains(words, Log(), StringComparison.Ordinal);
        SaveAtOnce("next", "1", "Relu"); // a folder without its model yet is told as well
        await Until(() => server.Models.Count == 2); // several looks later
        Assert.Equal(3, Log().Split("Put ").Length - 1);
    }

    [Fact]
    public async Task A_version_that_goes_stays_served_as_long_as_what_is_left_of_its_name_or_of_the_directory_cannot_be_served()
    {
        Save("other", "1", "Relu");
        await using var server = await StartAsync();
        File.WriteAllText(Folder["good/2/model.onnx"], "no model");
        Directory.Delete(Folder["good/1"], recursive: true);
        await Until(() => HasSeen("good 1 is gone from the model directory, and served all the same"));
        Assert.Equal(["good 1", "other 1"], server.Models.Select(static m => $"{m.Name} {m.Version}"));
        await Until(() => server.RefusedModels.Count == 2); // told a moment after it is logged
        Assert.Equal(["1", "2"], server.RefusedModels.Select(static m => m.Version));
        Save("good", "2", "Relu");
        await Until(() => server.Models.Select(static m => $"{m.Name} {m.Version}").SequenceEqual(["good 2", "other 1"]));
        await Until(() => server.RefusedModels.Count == 0);

        // Of other names only a broken one is left.
        File.WriteAllText(Folder["broken/1/model.onnx"], "no model");
        Directory.Delete(Folder["good"], recursive: true);
        await Until(() => server.Models.Count == 1);
        Directory.Delete(Folder["other"], recursive: true);
        await Until(() => HasSeen("other 1 is gone from the model directory, and served all the same"));
        Assert.Equal(["other 1"], server.Models.Select(static m => $"{m.Name} {m.Version}"));
    }

    [Fact]
    public async Task A_trial_is_told_of_when_it_begins()
    {
        var told = false;
        await using var server = await StartAsync(new Scripted(_ =>
        {
            told = HasSeen("Trying good 1");
            return null;
        }));
        Assert.True(told);
    }

    [Fact]
    public async Task A_model_that_fails_its_trial_is_not_served_and_says_why()
    {
        Save("crashing", "1", "Relu");
        await using var server = await StartAsync(new Scripted(static path => path.Contains("crashing", StringComparison.Ordinal) ? "It crashed." : null));
        Assert.Equal(["good"], server.Models.Select(static m => m.Name));
        Assert.Equal(("crashing", "It crashed."), server.RefusedModels.Select(static m => (m.Name, m.Reason)).Single());
    }

    [Fact]
    public async Task A_model_that_is_changed_during_its_trial_is_not_planned()
    {
        Save("changing", "1", "Relu");
        await using var server = await StartAsync(new Scripted(path =>
        {
            if (path.Contains("changing", StringComparison.Ordinal)) Save("changing", "1", "Sigmoid");
            return null;
        }));
        Assert.Equal(["good"], server.Models.Select(static m => m.Name));
        Assert.Contains("changed while it was tried", server.RefusedModels.Single().Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_whose_trial_does_not_end_keeps_no_other_from_being_served()
    {
        // It comes first in every order.
        Save("a-hanging", "1", "Relu");
        Save("b", "1", "Relu");
        var (trial, time) = (new Hanging("a-hanging"), new FakeTimeProvider());
        await using var server = new SplitInferServer(Options.Create(OptionsWith(trial)), NullLogger<SplitInferServer>.Instance, time);
        var starting = server.StartAsync(CancellationToken.None);
        await Until(() => starting.IsCompleted, time);
        await starting;
        await Until(() => server.Models.Count == 2); // on a slow machine it listens before
        Assert.Equal(["b", "good"], server.Models.Select(static m => m.Name));

        Save("later", "1", "Relu");
        await Until(() => server.Models.Count == 3, time);
        Assert.Empty(server.RefusedModels);
        trial.End.SetResult("It ended.");
        await Until(() => server.RefusedModels.Count > 0);
        Assert.Equal("It ended.", server.RefusedModels.Single().Reason);
    }

    [Fact]
    public async Task No_more_models_are_tried_at_a_time_than_may_be_and_what_is_none_is_not_tried()
    {
        foreach (var name in new[] { "b", "c", "d", "e" }) Save(name, "1", "Relu");
        Directory.CreateDirectory(Folder["text/1"]);
        File.WriteAllText(Folder["text/1/model.onnx"], "no model");
        var trial = new Counting();
        await using var server = await StartAsync(trial);
        await Until(() => server.Models.Count == 5 && server.RefusedModels.Count == 1); // on a slow machine the server listens before
        Assert.Equal(2, trial.Most);
        Assert.DoesNotContain(trial.Tried, static path => path.Contains("text", StringComparison.Ordinal));
    }

    private sealed class Scripted(Func<string, string?> reasonOf) : IModelTrial
    {
        public ValueTask<string?> TryAsync(string path, CancellationToken cancellationToken) => new(reasonOf(path));
    }

    /// <summary>Tries one model for as long as a test likes.</summary>
    private sealed class Hanging(string name) : IModelTrial
    {
        public TaskCompletionSource<string?> End { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async ValueTask<string?> TryAsync(string path, CancellationToken cancellationToken) =>
            path.Contains(name, StringComparison.Ordinal) ? await End.Task.WaitAsync(cancellationToken) : null;
    }

    /// <summary>Lets no trial end before another one runs beside it.</summary>
    private sealed class Counting : IModelTrial
    {
        private readonly TaskCompletionSource _isCompany = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _running;

        public List<string> Tried { get; } = [];

        public int Most { get; private set; }

        public async ValueTask<string?> TryAsync(string path, CancellationToken cancellationToken)
        {
            lock (Tried)
            {
                Tried.Add(path);
                Most = Math.Max(Most, ++_running);
                if (_running > 1) _isCompany.TrySetResult();
            }

            await _isCompany.Task.WaitAsync(cancellationToken);
            await Task.Yield();
            lock (Tried) _running--;
            return null;
        }
    }
}
