using SplitInfer.Families;
using SplitInfer.Models;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Execution;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>
/// A family of networks with weights of their own, so that it shows which one has computed a result. Each yields one output early and one at the end, so that it
/// also shows where the head of one meets the tail of another.
/// </summary>
internal sealed class TestFamily : IDisposable
{
    private readonly TestFolder _folder = new();

    /// <summary>Makes a family.</summary>
    /// <param name="accuracies">By variant, the most accurate first.</param>
    /// <param name="size">By variant: rows and columns of the image that it takes.</param>
    public TestFamily(double[] accuracies, Func<int, int>? size = null)
    {
        Names = [.. accuracies.Select(static (_, place) => $"variant{place}")];
        var variants = accuracies.Select((accuracy, place) =>
        {
            var (bytes, file) = (Build(place, size?.Invoke(place) ?? 16), $"{Names[place]}.onnx");
            File.WriteAllBytes(_folder[file], bytes);
            return new FamilyVariant
            {
                Name = Names[place],
                File = file,
                Fingerprint = OnnxModel.Parse(bytes).Fingerprint,
                Bytes = bytes.Length,
                Times = [new(1, 10 - place, 10)],
                Agreement = accuracy,
                AgreementLow = accuracy,
                Cosine = accuracy,
                IsParetoOptimal = true,
            };
        });
        FamilyFile.Save(Path, new() { Model = "variant0.onnx", Fingerprint = OnnxModel.Parse(Build(0, 16)).Fingerprint, Samples = 100, Machine = "none", Variants = [.. variants] });
    }

    /// <summary>The names of the variants.</summary>
    public string[] Names { get; }

    /// <summary>The file of the family.</summary>
    public string Path => _folder[FamilyFile.Name];

    /// <summary>The model of a variant.</summary>
    public byte[] this[int variant] => File.ReadAllBytes(FileOf(variant));

    /// <summary>The file of a variant.</summary>
    public string FileOf(int variant) => _folder[$"{Names[variant]}.onnx"];

    /// <summary>What the engine alone makes of an input with each variant, all outputs in the order of the model.</summary>
    public float[][][] Expected(TensorValue input) => [.. Names.Select((_, variant) =>
    {
        var outputs = PlainRun.Of(this[variant], ("image", input));
        float[][] values = [.. outputs.Select(static output => output.Span<float>().ToArray())];
        foreach (var output in outputs) output.Dispose();
        return values;
    })];

    public void Dispose() => _folder.Dispose();

    private static byte[] Build(int variant, int size)
    {
        var g = new GraphBuilder(seed: variant + 1);
        var first = g.Relu(g.Conv(g.Input("image", ElementType.Float32, 1, 3, size, size), 8));
        g.Output(g.Flatten(g.GlobalAveragePool(first)), "early");
        g.Output(g.Gemm(g.Flatten(g.GlobalAveragePool(g.Relu(g.Conv(g.MaxPool(first), 16)))), 10), "classes");
        return g.ToBytes();
    }
}
