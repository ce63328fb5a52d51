using System.Diagnostics;
using SkiaSharp;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.Samples;

/// <summary>The sample ImageClassifier as its page says: a server in one process, a client in another.</summary>
public sealed class ImageClassifierTests : IDisposable
{
    private const string Address = "Listening on ";

    private readonly TestFolder _folder = new();

    public ImageClassifierTests()
    {
        Colours(_folder["models/colours/1/model.onnx"]);
        File.WriteAllLines(_folder["labels.txt"], ["red", "green", "blue"]);
        Draw(_folder["photo.jpg"], SKColors.Lime);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_photograph_gets_its_label_from_device_and_server()
    {
        using var server = Start("serve", _folder["models"], "tcp://127.0.0.1:0");
        try
        {
            var line = await server.StandardOutput.ReadLineAsync();
            Assert.StartsWith(Address, line, StringComparison.Ordinal);
            var output = await ClassifyAsync("--server", line![Address.Length..]);
            Assert.Matches("^ *9[0-9.]+ ?%  green\n", output);
            Assert.Matches("Source (Device|Split|Server), partition", output);
        }
        finally
        {
            server.Kill(entireProcessTree: true);
            await server.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task A_photograph_gets_its_label_without_a_server()
    {
        Draw(_folder["photo.jpg"], SKColors.Blue);
        var output = await ClassifyAsync();
        Assert.Matches("^ *9[0-9.]+ ?%  blue\n", output);
        Assert.Contains("Source Device", output, StringComparison.Ordinal);
    }

    private async Task<string> ClassifyAsync(params string[] options)
    {
        using var client = Start(["classify", _folder["photo.jpg"], _folder["models/colours/1/model.onnx"], "--labels", _folder["labels.txt"], .. options]);
        var (output, errors) = (client.StandardOutput.ReadToEndAsync(), client.StandardError.ReadToEndAsync());
        await client.WaitForExitAsync();
        Assert.True(client.ExitCode == 0, await errors);
        return (await output).ReplaceLineEndings("\n");
    }

    private static Process Start(params ReadOnlySpan<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "ImageClassifier.dll"));
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    /// <summary>A classifier whose scores are the means of red, green and blue.</summary>
    private static void Colours(string path)
    {
        var g = new GraphBuilder();
        var picture = g.Input("picture", ElementType.Float32, 1, 3, 32, 32);
        var kernel = g.Initializer(TensorValue.From<float>([1, 0, 0, 0, 1, 0, 0, 0, 1], 3, 3, 1, 1));
        g.Output(g.Node("Flatten", [g.Node("GlobalAveragePool", [g.Node("Conv", [picture, kernel])])]), "scores");
        g.Save(path);
    }

    private static void Draw(string path, SKColor colour)
    {
        using var bitmap = new SKBitmap(60, 40);
        bitmap.Erase(colour);
        using var data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 90);
        File.WriteAllBytes(path, data.ToArray());
    }
}
