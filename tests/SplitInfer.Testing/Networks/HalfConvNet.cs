using SplitInfer.Tensors;

namespace SplitInfer.Testing.Networks;

/// <summary>A small residual network in float16 from input to output.</summary>
public static class HalfConvNet
{
    /// <summary>Builds the network for <c>image</c> (float16 1×3×size×size); gives <c>scores</c>.</summary>
    public static GraphBuilder Build(int size = 32, int seed = 7) => ResNet18.Build(size, classes: 10, seed, ElementType.Float16, width: 8);
}
