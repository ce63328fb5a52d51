using System.Runtime.InteropServices;
using SplitInfer.Execution;
using SplitInfer.Execution.OnnxRuntime;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Execution.OnnxRuntime;

public sealed class OrtLibraryTests
{
    private const string NoSuchName = "splitinfer-no-such-library";

    [Fact]
    public void When_there_is_none_every_place_is_listed_and_what_to_install()
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder["text.so"], "no library");

        var error = Assert.Throws<OnnxRuntimeNotFoundException>(
            () => OrtLibrary.LoadFirst([folder["absent.so"], folder["text.so"]], NoSuchName, folder["ours.so"]));

        Assert.Equal(4, error.Tried.Count);
        Assert.Equal($"{folder["absent.so"]}: no such file", error.Tried[0]);
        Assert.StartsWith($"{folder["text.so"]}: ", error.Tried[1], StringComparison.Ordinal);
        Assert.StartsWith(NoSuchName, error.Tried[2], StringComparison.Ordinal);
        Assert.All(error.Tried, place => Assert.Contains(place, error.Message, StringComparison.Ordinal));
        Assert.Contains("NuGet package Microsoft.ML.OnnxRuntime", error.Message, StringComparison.Ordinal);
        Assert.Contains("SPLITINFER_ONNXRUNTIME", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_of_no_use_is_passed_over()
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder["text.so"], "no library");
        var good = OnnxRuntimeInfo.Load().LibraryPath;

        Assert.Equal(good, OrtLibrary.LoadFirst([folder["text.so"], SomeOtherLibrary, good], NoSuchName, folder["ours.so"]).Path);
        Assert.Equal(good, OrtLibrary.LoadFirst([folder["absent.so"]], NoSuchName, good).Path);
    }

    [Fact]
    public void A_path_that_was_asked_for_is_the_only_one_tried()
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder["text.so"], "no library");

        var absent = Assert.Throws<OnnxRuntimeNotFoundException>(() => OrtLibrary.Load(folder["absent.so"]));
        var text = Assert.Throws<OnnxRuntimeNotFoundException>(() => OrtLibrary.Load(folder["text.so"]));
        var other = Assert.Throws<OnnxRuntimeIncompatibleException>(() => OrtLibrary.Load(SomeOtherLibrary));

        Assert.Equal([$"{folder["absent.so"]}: no such file"], absent.Tried);
        Assert.Single(text.Tried);
        Assert.Contains("is not ONNX Runtime", other.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_process_uses_one_library()
    {
        var used = OnnxRuntimeInfo.Load().LibraryPath;

        Assert.Equal(used, OnnxRuntimeInfo.Load(new() { LibraryPath = used }).LibraryPath);
        var error = Assert.Throws<OnnxRuntimeIncompatibleException>(() => OnnxRuntimeInfo.Load(new() { LibraryPath = "another.so" }));
        Assert.Contains($"already uses ONNX Runtime at {used}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.20.0", 20)]
    [InlineData("1.24.3", 24)]
    [InlineData("1.29.0", 29)]
    [InlineData("1.41.0", 29)]
    [InlineData("9.1", 29)]
    public void The_highest_version_that_both_sides_know_is_asked_for(string version, uint expected)
    {
        Assert.Equal(expected, FakeLibrary.Negotiate(version).Api.Version);
        Assert.Equal([expected], FakeLibrary.Asked);
    }

    [Theory]
    [InlineData("1.19.2")]
    [InlineData("1.4.0")]
    public void A_library_that_is_too_old_is_refused_in_words(string version)
    {
        var error = Assert.Throws<OnnxRuntimeIncompatibleException>(() => FakeLibrary.Negotiate(version));

        Assert.Equal($"lib is ONNX Runtime {version}, which is too old. Install 1.20 or later.", error.Message);
        Assert.Empty(FakeLibrary.Asked);
    }

    [Fact]
    public void A_library_that_does_not_know_its_own_version_is_refused()
    {
        FakeLibrary.Refuses = true;
        Assert.Throws<OnnxRuntimeIncompatibleException>(() => FakeLibrary.Negotiate("1.25.0"));
        FakeLibrary.Refuses = false;
    }

    private static string SomeOtherLibrary { get; } = Path.Combine(
        RuntimeEnvironment.GetRuntimeDirectory(),
        OperatingSystem.IsWindows() ? "System.IO.Compression.Native.dll" : OperatingSystem.IsMacOS() ? "libSystem.Native.dylib" : "libSystem.Native.so");
}
