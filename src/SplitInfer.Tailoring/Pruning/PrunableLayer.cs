using SplitInfer.Models.Onnx;
using SplitInfer.Tailoring.Surgery;

namespace SplitInfer.Tailoring.Pruning;

/// <summary>A convolution of one group or a <c>Gemm</c>, whose output channels can go and whose inputs can be combined anew.</summary>
/// <param name="Node">The node.</param>
/// <param name="Product">Its weights.</param>
/// <param name="Inputs">By input channel: its number among all channels of the graph; null if nothing is known of them.</param>
/// <param name="Outputs">By output channel: likewise.</param>
internal sealed record PrunableLayer(NodeProto Node, ProductWeights Product, int[]? Inputs, int[] Outputs);

/// <summary>A constant or the weights of a depthwise convolution, with an element or a row for each channel.</summary>
/// <param name="Node">The node that reads it.</param>
/// <param name="Place">Which of its inputs it is.</param>
/// <param name="Axis">The axis of the channels.</param>
/// <param name="Channels">By index along the axis: the number of the channel.</param>
internal sealed record ChannelConstant(NodeProto Node, int Place, int Axis, int[] Channels);
