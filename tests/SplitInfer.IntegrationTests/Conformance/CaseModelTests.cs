using SplitInfer.IntegrationTests.EndToEnd;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.Conformance;

/// <summary>Small models, each with a situation in which results were once wrong, processes died, or words were missing.</summary>
public sealed class CaseModelTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SharedTheory]
    [InlineData("native-crash-preallocated-present/model.onnx", "inputs")]
    [InlineData("tail-does-not-load-reshape/model.onnx", null)]
    [InlineData("tail-does-not-load-reshape/arm.onnx", null)]
    [InlineData("plan-depends-on-sample-inputs/gqa.onnx", "inputs-gqa")]
    [InlineData("plan-depends-on-sample-inputs/if_ranks.onnx", "inputs-if_ranks")]
    [InlineData("plan-depends-on-sample-inputs/reshape_runtime.onnx", "inputs-reshape_runtime")]
    [InlineData("overridable-initializer/model.onnx", null)]
    public Task Every_cut_gives_the_result_of_the_whole(string model, string? inputs) => AssertVerifiedAsync(model, inputs);

    [SharedTheory]
    [InlineData("fp16-boundary-overflow/model.onnx", "inputs")]
    [InlineData("fp16-boundary-overflow/layernorm.onnx", "inputs-layernorm")]
    public Task Values_that_float16_cannot_hold_keep_their_meaning(string model, string inputs) => AssertVerifiedAsync(model, inputs);

    [SharedTheory]
    [InlineData("untyped-contrib-output/model.onnx")]
    [InlineData("external-small-constants/model.onnx")]
    [InlineData("duplicate-output-verify/model.onnx")]
    public Task What_the_engine_runs_can_be_cut(string model) => AssertVerifiedAsync(model, null);

    [SharedFact]
    public async Task A_decoder_whose_caches_cross_can_be_cut() => (await CommandRun.OfAsync("verify", PathOf("kv-cache-limit/model.onnx"), "--cuts", "12")).AssertVerified();

    [SharedFact]
    public async Task A_classifier_whose_scores_become_maps_runs_on_a_server() =>
        // The maps are made on the device, so that the one node before them has all of the server's work.
        (await CommandRun.OfAsync("verify", PathOf("zipmap-output/model.onnx"))).AssertVerified(first: 0);

    [SharedTheory]
    [InlineData("native-crash-preallocated-present", "model", "inputs")]
    [InlineData("tail-does-not-load-reshape", "model", null)]
    [InlineData("tail-does-not-load-reshape", "arm", null)]
    public async Task Client_and_server_run_it_again_and_again(string situation, string name, string? inputs)
    {
        var path = PathOf($"{situation}/{name}.onnx");
        File.Copy(path, _folder["served/1/model.onnx"]);
        using var server = await ServerProcess.StartAsync(_folder.Path);
        string[] given = inputs is null ? [] : [.. Directory.EnumerateFiles(Path.Combine(Path.GetDirectoryName(path)!, inputs)).SelectMany(static f => (string[])["--input", $"{Path.GetFileNameWithoutExtension(f)}={f}"])];
        string[] common = ["run", path, "--server", server.Address.ToString(), "--frames", "20", .. given];
        var cuts = (await CommandRun.OfAsync("inspect", path)).Lines("admissible")[..^1].Where(static l => l.GetProperty("arm").GetBoolean()).Select(static l => l.GetProperty("partition").GetRawText());

        foreach (string[] choice in (string[][])[["--preload"], .. cuts.Select(static k => (string[])["--partition", k])])
        {
            var run = await CommandRun.OfAsync([.. common, .. choice]);
            Assert.True(run.ExitCode == 0, run.ToString());
            Assert.Equal(20, run.Lines("frame").Length);
            // A device that finishes what the server could not would hide it.
            if (choice[0] == "--partition") Assert.DoesNotContain(run.Lines("frame"), static l => l.GetProperty("source").GetString() == "device");
        }
    }

    [SharedTheory]
    [InlineData("odd/if_nested_200.onnx")]
    [InlineData("odd/loop_2e62_iterations.onnx")]
    [InlineData("odd/measure_bomb_tile.onnx")]
    [InlineData("odd/wide_3000.onnx")]
    public async Task An_odd_model_is_planned_or_refused_in_words(string model)
    {
        var run = await CommandRun.OfAsync("inspect", PathOf(model), "--max-measure-seconds", "4");

        run.AssertEndedInWords();
        if (run.ExitCode == 0) Assert.True(run.Lines("admissible")[^1].GetProperty("admissible").GetBoolean());
        else Assert.Contains(Path.GetFileName(model), run.Errors, StringComparison.Ordinal);
    }

    [SharedTheory]
    [InlineData("odd/nm_esc.onnx")]
    [InlineData("odd/nm_nul_in.onnx")]
    public async Task An_odd_name_is_carried_or_refused_in_words(string model)
    {
        var run = await CommandRun.OfAsync("verify", PathOf(model));

        run.AssertEndedInWords();
        if (run.ExitCode == 0) run.AssertVerified();
        else Assert.Contains(Path.GetFileName(model), run.Errors, StringComparison.Ordinal);
    }

    private static async Task AssertVerifiedAsync(string model, string? inputs)
    {
        var path = PathOf(model);
        (await CommandRun.OfAsync(inputs is null ? ["verify", path] : ["verify", path, "--inputs", Path.Combine(Path.GetDirectoryName(path)!, inputs)])).AssertVerified();
    }

    private static string PathOf(string model) => Path.Combine(SharedData.Root!, "cases", "models", model);
}
