using System.Buffers.Binary;

namespace SplitInfer.Imaging;

/// <summary>What decoding a picture takes beside its pixels, by its headers: some forms let a small file take far more memory or time than they do.</summary>
internal static class DecodingCost
{
    /// <summary>Scans of as many pixels as are allowed that a JPEG may have; encoders make ten at most.</summary>
    private const int MostScans = 10;

    // Of each coefficient of a JPEG that comes in several scans.
    private const int CoefficientBytes = 2;

    // A WebP without loss, or a mask in one, has code tables for squares of 4×4 pixels, and as many as 16 bits tell apart.
    private const int TableBytes = 5700, MostTables = 1 << 16, TableSide = 4;

    /// <summary>Why a picture is not to be decoded; null where it may be.</summary>
    /// <param name="encoded">The file.</param>
    /// <param name="width">Its pixels in a row.</param>
    /// <param name="height">Its rows.</param>
    /// <param name="isTurned">Whether a copy of its pixels will be turned.</param>
    /// <param name="maxPixels">The most pixels, whose memory is the most that is taken.</param>
    public static string? FaultOf(ReadOnlySpan<byte> encoded, int width, int height, bool isTurned, long maxPixels)
    {
        var (pixels, allowed) = ((long)width * height, maxPixels * PixelImage.PixelBytes);
        var bytes = pixels * PixelImage.PixelBytes * (isTurned ? 2 : 1);
        var why = isTurned ? ", since it has to be turned" : "";
        if (JpegScans.Of(encoded) is { IsBuffered: true } jpeg)
        {
            if (jpeg.Scans * pixels > MostScans * maxPixels) return $"has {jpeg.Scans} scans of {width}×{height} pixels, over the {MostScans} of {maxPixels} allowed";
            bytes += pixels * jpeg.Components * CoefficientBytes;
            why += ", since it comes in several scans";
        }
        else if (HasTables(encoded))
        {
            bytes += TableBytes * Math.Min(MostTables, (width + TableSide - 1L) / TableSide * ((height + TableSide - 1L) / TableSide));
            why += ", since a WebP without loss may have as many code tables";
        }

        return bytes > allowed ? $"of {width}×{height} pixels may take {bytes} bytes{why}, over the {allowed} of {maxPixels} pixels" : null;
    }

    /// <summary>Whether a WebP holds a picture or a mask without loss, or frames that may.</summary>
    private static bool HasTables(ReadOnlySpan<byte> encoded)
    {
        if (!encoded.StartsWith("RIFF"u8) || encoded.Length < 12 || !encoded.Slice(8, 4).SequenceEqual("WEBP"u8)) return false;
        for (var rest = encoded[12..]; rest.Length >= 8;)
        {
            if (rest.StartsWith("VP8L"u8) || rest.StartsWith("ALPH"u8) || rest.StartsWith("ANMF"u8)) return true;
            // Chunks have an even number of bytes.
            var length = 8 + (((long)BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]) + 1) & ~1L);
            rest = length < rest.Length ? rest[(int)length..] : [];
        }

        return false;
    }
}

/// <summary>How a JPEG comes.</summary>
/// <param name="Scans">Passes over its pixels.</param>
/// <param name="Components">Colours of a pixel.</param>
/// <param name="IsProgressive">Whether passes refine each other.</param>
internal readonly record struct JpegScans(long Scans, int Components, bool IsProgressive)
{
    private const byte Mark = 0xFF, Start = 0xD8, End = 0xD9, FirstRestart = 0xD0, Lone = 0x01, FirstFrame = 0xC0, LastFrame = 0xCF, Scan = 0xDA;

    /// <summary>Whether all coefficients are kept until the last scan.</summary>
    public bool IsBuffered => IsProgressive || Scans > 1;

    /// <summary>Goes through the marks of a JPEG as decoders do, which pass over what they do not know; null of what is none.</summary>
    public static JpegScans? Of(ReadOnlySpan<byte> encoded)
    {
        if (!encoded.StartsWith([Mark, Start])) return null;
        var found = default(JpegScans);
        for (var rest = encoded[2..]; ;)
        {
            var at = rest.IndexOf(Mark);
            if (at < 0 || at + 1 >= rest.Length) return found;
            var kind = rest[at + 1];
            if (kind == Mark)
            {
                rest = rest[(at + 1)..];
                continue;
            }

            rest = rest[(at + 2)..];
            if (kind == End) return found;
            // Data, or marks without a segment.
            if (kind is 0 or Lone or (>= FirstRestart and <= Start)) continue;
            if (rest.Length < 2) return found;
            var length = BinaryPrimitives.ReadUInt16BigEndian(rest);
            if (kind is >= FirstFrame and <= LastFrame and not (0xC4 or 0xC8 or 0xCC) && rest.Length > 7) found = found with { Components = rest[7], IsProgressive = (kind & 3) == 2 };
            if (kind == Scan) found = found with { Scans = found.Scans + 1 };
            rest = length < rest.Length ? rest[length..] : [];
        }
    }
}
