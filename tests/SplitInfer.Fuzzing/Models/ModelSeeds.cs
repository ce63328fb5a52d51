using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Fuzzing.Models;

/// <summary>Small models of every kind that the reader knows.</summary>
internal static class ModelSeeds
{
    public static IReadOnlyList<byte[]> All { get; } =
    [
        .. Enumerable.Range(1, 8).Select(static seed => RandomDag.Build(seed, nodes: 8).ToBytes()),
        .. Enumerable.Range(1, 3).Select(static seed => RandomQuantizedDag.Build(seed).ToBytes()),
        ControlFlow.Build().ToBytes(),
        FunctionNet.Build().ToBytes(),
        OldFormat(),
        WithExternalData(),
    ];

    /// <summary>A model whose weights lie in a file beside it.</summary>
    public static byte[] WithExternalData()
    {
        var g = new GraphBuilder("external", seed: 2);
        var x = g.Input("x", ElementType.Float32, 1, 8);
        g.Output(g.Relu(g.Dense(x, 12)));
        var model = ModelProto.Parser.ParseFrom(g.ToBytes());
        long offset = 0;
        foreach (var tensor in model.Graph.Initializer)
        {
            tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = ExternalTarget.WeightsFile });
            tensor.ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = offset.ToString(System.Globalization.CultureInfo.InvariantCulture) });
            tensor.ExternalData.Add(new StringStringEntryProto { Key = "length", Value = tensor.RawData.Length.ToString(System.Globalization.CultureInfo.InvariantCulture) });
            tensor.DataLocation = TensorProto.Types.DataLocation.External;
            offset += tensor.RawData.Length;
            tensor.ClearRawData();
        }

        return ModelBytes.Of(model);
    }

    private static byte[] OldFormat()
    {
        var g = new GraphBuilder("old", seed: 4, opset: 7, irVersion: 3);
        g.Output(g.Relu(g.Dense(g.Input("x", ElementType.Float32, "batch", 4), 4)));
        return g.ToBytes();
    }
}
