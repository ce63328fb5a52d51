namespace VideoStream.Video;

/// <summary>One picture: rows of RGB bytes, and its brightness for comparing pictures.</summary>
internal sealed class VideoFrame
{
    public VideoFrame(int height, int width, byte[] rgb)
    {
        (Height, Width, Rgb, Luma) = (height, width, rgb, new float[height * width]);
        for (var pixel = 0; pixel < Luma.Length; pixel++)
            Luma[pixel] = 0.299f * rgb[3 * pixel] + 0.587f * rgb[3 * pixel + 1] + 0.114f * rgb[3 * pixel + 2];
    }

    public int Height { get; }

    public int Width { get; }

    /// <summary>Height × width × 3.</summary>
    public byte[] Rgb { get; }

    /// <summary>Height × width, 0 to 255.</summary>
    public float[] Luma { get; }
}
