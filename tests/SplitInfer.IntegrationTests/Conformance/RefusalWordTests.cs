using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.Conformance;

/// <summary>What is said of files that are no models, and of models that cannot be compared: the file's name, what it is, and what to do.</summary>
public sealed class RefusalWordTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SharedTheory]
    [InlineData("model.onnx", "Git LFS", "git lfs pull")]
    [InlineData("html.onnx", "HTML", "ownload")]
    public Task A_file_in_place_of_a_model_is_recognised(string name, params string[] words) =>
        AssertRefusedAsync(Path.Combine(SharedData.Root!, "cases", "models", "lfs-pointer", name), words);

    [Fact]
    public Task ONNX_Runtimes_own_format_is_recognised() =>
        // A FlatBuffer has its identifier after the offset of its root.
        AssertRefusedAsync(Written("optimised.onnx", [0x18, 0, 0, 0, .. "ORTM"u8, .. new byte[64]]), ".ort", "converted from");

    [Fact]
    public Task A_zipped_model_is_recognised() =>
        AssertRefusedAsync(Written("packed.onnx", [.. "PK\u0003\u0004"u8, 20, 0, .. new byte[64]]), "zip", "Extract");

    [Fact]
    public Task Bytes_of_no_known_kind_are_refused()
    {
        var bytes = new byte[4096];
        new Random(3).NextBytes(bytes);
        return AssertRefusedAsync(Written("sealed.onnx", bytes), "encrypted");
    }

    [SharedFact]
    public async Task A_model_that_draws_random_numbers_cannot_be_compared()
    {
        var run = await CommandRun.OfAsync("verify", Case("random-model-verify/model.onnx"));

        run.AssertEndedInWords();
        Assert.DoesNotContain("\"ok\":false", run.Output, StringComparison.Ordinal);
        Assert.Contains("cannot be compared", run.Output + run.Errors, StringComparison.Ordinal);
        Assert.Contains("Dropout", run.Output + run.Errors, StringComparison.Ordinal);
    }

    [SharedTheory]
    [InlineData("needs_sense.onnx")]
    [InlineData("small_table.onnx")]
    public async Task Where_made_up_inputs_do_not_suit_the_way_out_is_said(string name)
    {
        var run = await CommandRun.OfAsync("verify", Case($"made-up-inputs-message/{name}"));

        run.AssertEndedInWords();
        Assert.DoesNotContain("\"ok\":false", run.Output, StringComparison.Ordinal);
        if (run.ExitCode == 0) return;
        Assert.Contains(name, run.Errors, StringComparison.Ordinal);
        Assert.Contains("--inputs", run.Errors, StringComparison.Ordinal);
    }

    private static async Task AssertRefusedAsync(string path, params string[] words)
    {
        var run = await CommandRun.OfAsync("inspect", path);

        run.AssertEndedInWords();
        Assert.Equal(1, run.ExitCode);
        Assert.All([Path.GetFileName(path), .. words], word => Assert.Contains(word, run.Errors, StringComparison.Ordinal));
    }

    private static string Case(string model) => Path.Combine(SharedData.Root!, "cases", "models", model);

    private string Written(string name, byte[] bytes)
    {
        File.WriteAllBytes(_folder[name], bytes);
        return _folder[name];
    }
}
