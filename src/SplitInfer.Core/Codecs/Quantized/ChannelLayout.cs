using SplitInfer.Tensors;

namespace SplitInfer.Codecs.Quantized;

/// <summary>Which values share a scale. Channels are the second of three or more dimensions; other tensors have one.</summary>
/// <param name="Channels">How many scales there are.</param>
/// <param name="Run">Values that lie together in one channel.</param>
internal readonly record struct ChannelLayout(int Channels, int Run)
{
    public static ChannelLayout Of(TensorShape shape, bool perChannel)
    {
        var dimensions = shape.Dimensions;
        if (!perChannel || dimensions.Length < 3 || shape.ElementCount == 0) return new(1, int.MaxValue);
        return new((int)dimensions[1], (int)(shape.ElementCount / dimensions[0] / dimensions[1]));
    }

    /// <summary>Whether the tensor has several scales.</summary>
    public bool IsPerChannel => Channels > 1;

    /// <summary>The channel of a value.</summary>
    public int ChannelOf(int index) => index / Run % Channels;

    /// <summary>Values from <paramref name="index"/> on that are in one channel, of <paramref name="count"/>.</summary>
    public int Together(int index, int count) => Math.Min(count, Run - index % Run);
}
