using SplitInfer.Cli.Inputs;
using SplitInfer.Testing;

namespace SplitInfer.Cli.Tests.Inputs;

public sealed class ModelSearchTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_model_below_a_folder_is_found_in_the_order_of_the_paths()
    {
        foreach (var file in (string[])["b/model.onnx", "a.ONNX", "b/c/deep.onnx", "b/model.onnx.data", "notes.txt"]) File.WriteAllText(_folder[file], "");
        Directory.CreateSymbolicLink(Path.Combine(_folder.Path, "b/again"), _folder.Path);
        var found = ModelSearch.Find([_folder.Path], null);
        Assert.Equal(["a.ONNX", "b/c/deep.onnx", "b/model.onnx"], found.Select(model => Path.GetRelativePath(_folder.Path, model.Path).Replace('\\', '/')));
        Assert.All(found, static model => Assert.False(model.IsNamed));
    }

    [Fact]
    public void A_file_that_is_named_need_not_be_there()
    {
        var found = Assert.Single(ModelSearch.Find([Path.Combine(_folder.Path, "nowhere.onnx")], null));
        Assert.True(found.IsNamed);
        Assert.Null(found.Inputs);
    }

    [Fact]
    public void A_folder_without_a_model_is_told_by_name()
    {
        var error = Assert.Throws<FileNotFoundException>(() => ModelSearch.Find([_folder.Path], null));
        Assert.Contains(_folder.Path, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model.onnx", "test_data_set_0", "test_data_set_0")]
    [InlineData("model.onnx", "inputs", "inputs")]
    [InlineData("model.onnx", "inputs inputs-model", "inputs-model")]
    [InlineData("only.onnx", "test_data_set_0", "test_data_set_0")]
    [InlineData("one.onnx two.onnx", "inputs", null)]
    [InlineData("one.onnx two.onnx", "inputs inputs-one", "inputs-one")]
    [InlineData("model.onnx two.onnx", "inputs", "inputs")]
    [InlineData("model.onnx", "elsewhere", null)]
    public void Inputs_beside_a_model_are_its_own(string models, string folders, string? inputs)
    {
        foreach (var file in models.Split(' ')) File.WriteAllText(_folder[file], "");
        foreach (var folder in folders.Split(' ')) Directory.CreateDirectory(Path.Combine(_folder.Path, folder));
        var first = ModelSearch.Find([_folder.Path], null)[0];
        Assert.Equal(inputs is null ? null : Path.Combine(_folder.Path, inputs), first.Inputs);
        Assert.Equal("given", ModelSearch.Find([_folder.Path], "given")[0].Inputs);
    }
}
