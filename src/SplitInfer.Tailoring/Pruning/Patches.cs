using SplitInfer.Models.Onnx;
using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Pruning;

/// <summary>What a layer reads for one of its outputs: the patch of a convolution of up to two axes, or the row of a <c>Gemm</c>. Immutable.</summary>
internal sealed class Patches
{
    private readonly (int Rows, int Columns) _kernel;
    private readonly (int Rows, int Columns) _stride;
    private readonly (int Rows, int Columns) _dilation;
    private readonly (int Rows, int Columns) _pad;

    private Patches((int, int) kernel, (int, int) stride, (int, int) dilation, (int, int) pad) => (_kernel, _stride, _dilation, _pad) = (kernel, stride, dilation, pad);

    /// <summary>Reads the geometry of a layer; null for one that pads by what it reads.</summary>
    public static Patches? Of(NodeProto node, IReadOnlyList<long> weights)
    {
        if (weights.Count > 4 || Ops.Text(node, "auto_pad", "NOTSET") is not ("NOTSET" or "VALID")) return null;
        var pads = Ops.Integers(node, "pads");
        return new(Pair(weights.Skip(2).ToArray(), 1), Pair(Ops.Integers(node, "strides"), 1), Pair(Ops.Integers(node, "dilations"), 1), Pair(pads?[..(pads.Length / 2)], 0));
    }

    /// <summary>Number of places of an output of N×C×places.</summary>
    public static int PlacesOf(TensorShape output) => (int)output.Dimensions[2..].ToArray().Aggregate(output.Dimensions[0], static (product, size) => product * size);

    /// <summary>Writes a patch, channel by channel: to[c·kernel + k][row].</summary>
    /// <param name="input">What the layer reads.</param>
    /// <param name="output">The shape of what it yields.</param>
    /// <param name="place">Index of the place: of the batch, the row and the column.</param>
    /// <param name="to">Receives it.</param>
    /// <param name="row">Where.</param>
    public void Write(TensorValue input, TensorShape output, int place, float[][] to, int row)
    {
        var elements = input.Span<float>();
        var (channels, height, width) = Sizes(input.Shape.Dimensions);
        var (_, outHeight, outWidth) = Sizes(output.Dimensions);
        var (batch, y, x) = (place / (outHeight * outWidth), place / outWidth % outHeight, place % outWidth);
        var at = 0;
        for (var channel = 0; channel < channels; channel++)
        {
            for (var i = 0; i < _kernel.Rows; i++)
            {
                for (var j = 0; j < _kernel.Columns; j++)
                {
                    var (fromRow, fromColumn) = ((y * _stride.Rows) + (i * _dilation.Rows) - _pad.Rows, (x * _stride.Columns) + (j * _dilation.Columns) - _pad.Columns);
                    to[at++][row] = fromRow >= 0 && fromRow < height && fromColumn >= 0 && fromColumn < width ? elements[(((((batch * channels) + channel) * height) + fromRow) * width) + fromColumn] : 0;
                }
            }
        }
    }

    /// <summary>Writes what the layer yields at a place, for some of its channels: to[o][row].</summary>
    public static void WriteTargets(TensorValue output, int place, int[] channels, float[][] to, int row)
    {
        var elements = output.Span<float>();
        var (all, height, width) = Sizes(output.Shape.Dimensions);
        var (batch, inner) = (place / (height * width), place % (height * width));
        for (var i = 0; i < channels.Length; i++) to[i][row] = elements[(((batch * all) + channels[i]) * height * width) + inner];
    }

    private static (int Channels, int Height, int Width) Sizes(ReadOnlySpan<long> dimensions) => dimensions.Length switch
    {
        2 => ((int)dimensions[1], 1, 1),
        3 => ((int)dimensions[1], 1, (int)dimensions[2]),
        _ => ((int)dimensions[1], (int)dimensions[2], (int)dimensions[3]),
    };

    private static (int Rows, int Columns) Pair(long[]? values, int otherwise) => values switch
    {
        [var columns] => (values.Length == 1 && otherwise == 0 ? 0 : 1, (int)columns),
        [var rows, var columns] => ((int)rows, (int)columns),
        _ => (otherwise, otherwise),
    };
}
