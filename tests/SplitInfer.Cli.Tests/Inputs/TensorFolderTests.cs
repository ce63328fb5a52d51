using SplitInfer.Cli.Inputs;
using SplitInfer.Models;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Cli.Tests.Inputs;

public sealed class TensorFolderTests : IDisposable
{
    private static readonly string[] Names = ["image", "sub/scale:0", "third"];

    private readonly TestFolder _folder = new();
    private readonly TensorValue _one = TensorValue.From<float>([1]);
    private readonly TensorValue _two = TensorValue.From<float>([2]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Names_in_pb_files_win_over_numbers()
    {
        TensorProtoWriter.WriteFile(_folder["input_0.pb"], _one, "third");
        TensorProtoWriter.WriteFile(_folder["input_1.pb"], _two, "");
        var read = TensorFolder.Read(_folder.Path, "input", Names);
        Assert.Equal(1, read["third"].Span<float>()[0]);
        Assert.Equal(2, read["sub/scale:0"].Span<float>()[0]);
        Assert.Equal(2, read.Count);
    }

    [Fact]
    public void Npy_files_carry_the_name_of_the_value()
    {
        NpyFile.Write(_folder["image.npy"], _one);
        NpyFile.Write(_folder["sub_scale_0.npy"], _two);
        NpyFile.Write(_folder["unrelated.npy"], _two);
        var read = TensorFolder.Read(_folder.Path, "input", Names);
        Assert.Equal(["image", "sub/scale:0"], read.Keys.Order());
    }

    [Fact]
    public void A_numbered_file_that_fits_no_value_is_refused()
    {
        TensorProtoWriter.WriteFile(_folder["output_3.pb"], _one, "unknown");
        var error = Assert.Throws<TensorMismatchException>(() => TensorFolder.Read(_folder.Path, "output", Names));
        Assert.Contains("output_3.pb", error.Message, StringComparison.Ordinal);
    }

    [LinuxFact]
    public async Task What_is_no_plain_file_is_refused_and_not_waited_for()
    {
        using var pipe = System.Diagnostics.Process.Start("mkfifo", [_folder["image.npy"], _folder["input_0.pb"]]);
        await pipe.WaitForExitAsync();
        foreach (var name in (string[])["image.npy", "input_0.pb"])
        {
            var error = Assert.Throws<InvalidTensorException>(() => TensorFolder.Read(_folder.Path, "input", Names));
            Assert.Contains("plain file", error.Message, StringComparison.Ordinal);
            Assert.Throws<InvalidTensorException>(() => TensorFile.Read(_folder[name], out _));
        }
    }

    [Fact]
    public void Files_of_more_bytes_than_may_be_are_refused_before_they_are_read()
    {
        NpyFile.Write(_folder["image.npy"], _one);
        using (var holes = new FileStream(_folder["image.npy"], FileMode.Open)) holes.SetLength(1L << 40);
        var error = Assert.Throws<InvalidTensorException>(() => TensorFolder.Read(_folder.Path, "input", Names, maxBytes: 1 << 20, followsLinks: true));
        Assert.Contains("MaxMeasureBytes", error.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidTensorException>(() => TensorFolder.Read(_folder.Path, "input", Names));
    }

    [LinuxFact]
    public void Where_links_are_not_followed_neither_a_file_nor_the_folder_may_be_one()
    {
        using var outside = new TestFolder();
        NpyFile.Write(outside["secret.npy"], _one);
        TensorProtoWriter.WriteFile(_folder["samples/input_1.pb"], _two, "");
        Assert.Equal(["sub/scale:0"], TensorFolder.Read(_folder["samples"], "input", Names, long.MaxValue, followsLinks: false).Keys);
        Directory.CreateSymbolicLink(_folder["linked"], _folder["samples"]);
        Assert.Contains("link", Assert.Throws<InvalidTensorException>(() => TensorFolder.Read(_folder["linked"], "input", Names, long.MaxValue, followsLinks: false)).Message, StringComparison.Ordinal);
        File.CreateSymbolicLink(_folder["samples/image.npy"], outside["secret.npy"]);
        Assert.Contains("link", Assert.Throws<InvalidTensorException>(() => TensorFolder.Read(_folder["samples"], "input", Names, long.MaxValue, followsLinks: false)).Message, StringComparison.Ordinal);
        Assert.Equal(["image", "sub/scale:0"], TensorFolder.Read(_folder["samples"], "input", Names).Keys.Order());
    }

    [Fact]
    public void A_missing_folder_is_an_error() =>
        Assert.Throws<DirectoryNotFoundException>(() => TensorFolder.Read(_folder["none"], "input", Names));

    [Fact]
    public void Files_are_named_one_by_one()
    {
        NpyFile.Write(_folder["a.npy"], _one);
        NpyFile.Write(_folder["b.npy"], _two);
        var read = TensorFiles.Read([_folder["a.npy"], $"third={_folder["b.npy"]}"], Names);
        Assert.Equal(1, read["image"].Span<float>()[0]);
        Assert.Equal(2, read["third"].Span<float>()[0]);
        Assert.Throws<UsageException>(() => TensorFiles.Read(["fourth=x.npy"], Names));
        Assert.Throws<UsageException>(() => TensorFiles.Read([$"image={_folder.Path}"], Names));
    }
}
