namespace SplitInfer.Imaging;

/// <summary>How a picture is brought to the size of the tensor.</summary>
public enum ImageResize
{
    /// <summary>To exactly that size, whatever becomes of its proportions.</summary>
    Stretch,

    /// <summary>With its proportions kept, until its shorter side has the size asked for; what then lies outside the centre is cut off.</summary>
    CropCenter,
}

/// <summary>The order of the colours in the tensor.</summary>
public enum ChannelOrder
{
    /// <summary>Red, green, blue; nearly all models.</summary>
    Rgb,

    /// <summary>Blue, green, red; models trained with Caffe or OpenCV.</summary>
    Bgr,
}

/// <summary>The order of the axes of the tensor.</summary>
public enum ImageLayout
{
    /// <summary>Batch, channels, height, width; models that come from PyTorch.</summary>
    Nchw,

    /// <summary>Batch, height, width, channels; models that come from TensorFlow.</summary>
    Nhwc,
}

/// <summary>How pixels that are given lie in memory: row after row from the top, without gaps.</summary>
public enum PixelFormat
{
    /// <summary>Three bytes: red, green, blue.</summary>
    Rgb24,

    /// <summary>Three bytes: blue, green, red.</summary>
    Bgr24,

    /// <summary>Four bytes: red, green, blue, and one that is not used.</summary>
    Rgba32,

    /// <summary>Four bytes: blue, green, red, and one that is not used.</summary>
    Bgra32,

    /// <summary>One byte, which becomes all three colours.</summary>
    Gray8,
}

/// <summary>A number for each channel of the tensor, in the order of its channels.</summary>
/// <param name="First">Of the first channel: red, or blue for <see cref="ChannelOrder.Bgr"/>.</param>
/// <param name="Second">Of the second channel: green.</param>
/// <param name="Third">Of the third channel: blue, or red for <see cref="ChannelOrder.Bgr"/>.</param>
public readonly record struct PerChannel(float First, float Second, float Third)
{
    /// <summary>The same number for all channels.</summary>
    public PerChannel(float all) : this(all, all, all) { }
}
