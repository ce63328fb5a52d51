using SplitInfer.Tensors;

namespace SplitInfer.Codecs;

/// <summary>A part of a tensor that is a tensor of its own.</summary>
/// <param name="Shape">Its dimensions.</param>
/// <param name="Start">Its first byte in the tensor.</param>
/// <param name="Bytes">Its bytes, side by side.</param>
internal readonly record struct Slab(TensorShape Shape, int Start, int Bytes);
