namespace VideoStream.Video;

/// <summary>
/// How alike two pictures look, as in "Image Quality Assessment: From Error Visibility to Structural Similarity": the mean over
/// windows of (2·μa·μb + C1)(2·σab + C2) / ((μa² + μb² + C1)(σa² + σb² + C2)), 1 for the same picture.
/// </summary>
internal static class StructuralSimilarity
{
    private const int Window = 8;
    private const int Stride = 4;
    private const double C1 = 0.01 * 255 * (0.01 * 255);
    private const double C2 = 0.03 * 255 * (0.03 * 255);

    /// <summary>Compares the brightness of two pictures of one size, which is at least a window.</summary>
    public static double Between(VideoFrame a, VideoFrame b)
    {
        var (sum, windows) = (0.0, 0);
        for (var y = 0; y + Window <= a.Height; y += Stride)
            for (var x = 0; x + Window <= a.Width; x += Stride, windows++)
                sum += OfWindow(a, b, y * a.Width + x);
        return sum / windows;
    }

    private static double OfWindow(VideoFrame first, VideoFrame second, int corner)
    {
        var (sumA, sumB, sumAA, sumBB, sumAB) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (var row = 0; row < Window; row++)
            for (var at = corner + row * first.Width; at < corner + row * first.Width + Window; at++)
            {
                double a = first.Luma[at], b = second.Luma[at];
                (sumA, sumB) = (sumA + a, sumB + b);
                (sumAA, sumBB, sumAB) = (sumAA + a * a, sumBB + b * b, sumAB + a * b);
            }

        const double N = Window * Window;
        var (meanA, meanB) = (sumA / N, sumB / N);
        var (varianceA, varianceB, covariance) = (sumAA / N - meanA * meanA, sumBB / N - meanB * meanB, sumAB / N - meanA * meanB);
        return (2 * meanA * meanB + C1) * (2 * covariance + C2)
            / ((meanA * meanA + meanB * meanB + C1) * (varianceA + varianceB + C2));
    }
}
