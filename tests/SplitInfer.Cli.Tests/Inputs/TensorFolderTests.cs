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
