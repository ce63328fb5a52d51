namespace SplitInfer.Imaging.Codecs;

/// <summary>What a picture is encoded as.</summary>
public enum ImageFormat
{
    /// <summary>PNG, which loses nothing.</summary>
    Png,

    /// <summary>Baseline JPEG, with colours at half the resolution, as most programs write it.</summary>
    Jpeg,

    /// <summary>Lossy WebP.</summary>
    WebP,
}
