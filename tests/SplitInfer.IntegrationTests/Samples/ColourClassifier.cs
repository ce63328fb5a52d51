using SkiaSharp;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.Samples;

/// <summary>A classifier whose scores are the means of red, green and blue. White keeps it busy for hours.</summary>
internal static class ColourClassifier
{
    /// <summary>Writes the model.</summary>
    public static void Save(string path)
    {
        var g = new GraphBuilder();
        var picture = g.Input("picture", ElementType.Float32, 1, 3, 32, 32);
        var kernel = g.Initializer(TensorValue.From<float>([1, 0, 0, 0, 1, 0, 0, 0, 1], 3, 3, 1, 1));
        var means = g.Node("Flatten", [g.Node("GlobalAveragePool", [g.Node("Conv", [picture, kernel])])]);
        // Normalised as for ImageNet, all colours of white are above 2.2; of other colours and of random inputs, one is well below 1.5.
        var white = g.Node("Relu", [g.Node("Sub", [g.Node("ReduceMin", [means], ("keepdims", 0)), g.Constant(TensorValue.From<float>([1.5f]))])]);
        var rounds = g.Node("Cast", [g.Node("Mul", [white, g.Constant(TensorValue.From<float>([1e12f]))])], ("to", (int)ElementType.Int64)).Typed(ElementType.Int64);
        var body = g.Body("round");
        body.Input("i", ElementType.Int64);
        var go = body.Input("go", ElementType.Bool);
        var state = body.Input("state", ElementType.Float32, 1, 3);
        body.Output(body.Node("Identity", [go]));
        body.Output(body.Node("Identity", [state]));
        g.Output(g.Node("Loop", [rounds, null, means], ("body", body)).Typed(ElementType.Float32), "scores");
        g.Save(path);
    }

    /// <summary>A picture of one colour, as a file.</summary>
    public static byte[] Draw(SKColor colour)
    {
        using var bitmap = new SKBitmap(60, 40);
        bitmap.Erase(colour);
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }
}
