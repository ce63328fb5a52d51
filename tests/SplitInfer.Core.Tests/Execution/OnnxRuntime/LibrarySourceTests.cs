using SplitInfer.Execution;
using SplitInfer.Execution.OnnxRuntime;

namespace SplitInfer.Core.Tests.Execution.OnnxRuntime;

public sealed class LibrarySourceTests(TinyApp app) : IClassFixture<TinyApp>
{
    private static string Library => OnnxRuntimeInfo.Load().LibraryPath;

    [Fact]
    public void A_package_can_supply_the_library()
    {
        Assert.True(File.Exists(app.PackageLibrary), app.Output);
        Assert.Equal(app.PackageLibrary, app.Run(app.Built));
    }

    [Fact]
    public void The_library_of_the_application_is_preferred_to_ours()
    {
        var folder = app.Bare();
        Copy(OrtLibraryFile.OfSplitInfer(folder));
        Assert.Equal(OrtLibraryFile.OfSplitInfer(folder), app.Run(folder));

        Copy(OrtLibraryFile.OfApplication(folder, []).First());
        Assert.Equal(OrtLibraryFile.OfApplication(folder, []).First(), app.Run(folder));
    }

    [Fact]
    public void A_library_that_is_named_is_preferred_to_all()
    {
        var folder = app.Bare();
        Copy(OrtLibraryFile.OfApplication(folder, []).First());

        Assert.Equal(Library, app.Run(folder, Library));
        Assert.Contains("absent.so: no such file", app.Run(folder, Path.Combine(folder, "absent.so")), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_any_library_the_application_learns_where_it_was_looked_for()
    {
        var folder = app.Bare();

        var output = app.Run(folder);

        Assert.StartsWith("OnnxRuntimeNotFoundException: No usable ONNX Runtime library was found.", output, StringComparison.Ordinal);
        Assert.Contains(OrtLibraryFile.OfSplitInfer(folder), output, StringComparison.Ordinal);
        Assert.All(OrtLibraryFile.OfApplication(folder, []), place => Assert.Contains(place, output, StringComparison.Ordinal));
    }

    private static void Copy(string place)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(place)!);
        File.Copy(Library, place);
    }
}
