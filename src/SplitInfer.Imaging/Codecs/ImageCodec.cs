using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using SplitInfer.Codecs;
using SplitInfer.Tensors;

namespace SplitInfer.Imaging.Codecs;

/// <summary>
/// Sends an input that is a picture as a PNG, JPEG or WebP: maps the tensor back to the bytes of its pixels, by the mapping that made it, and encodes those.
/// The name states format, quality and mapping, such as <c>Jpeg95-ImageNetCaffe</c>, so that client and server with unlike mappings never decode each other's
/// payloads. Client and server must both know it: add it to their <c>KnownCodecs</c>. FORMAT.md beside this file defines the payload.
/// </summary>
/// <remarks>
/// PNG is lossless for every tensor: one whose elements are not bytes that were mapped is sent as it is. JPEG and WebP round to bytes and lose what the format
/// loses, which has no bound for a single element but black and white; a tensor with a NaN or with a number beyond black or white is sent as it is.
/// So is every tensor that is no picture, though policies and calibration leave those cuts out. Immutable, and safe for concurrent use.
/// </remarks>
public sealed class ImageCodec : ITensorCodec
{
    private readonly ValueTable _values;

    private ImageCodec(ImageFormat format, int quality, PixelMapping pixels)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        ArgumentOutOfRangeException.ThrowIfLessThan(quality, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(quality, 100);
        pixels.Validate();
        (Format, Quality, Pixels, _values) = (format, quality, pixels, new(pixels));
        Name = $"{FormName}-{pixels}";
    }

    /// <summary>The name: the format, the quality where there is one, and the mapping.</summary>
    public string Name { get; }

    /// <summary>What pictures are encoded as.</summary>
    public ImageFormat Format { get; }

    /// <summary>1 to 100; 100 where the format loses nothing.</summary>
    public int Quality { get; }

    /// <summary>How the bytes of pixels become elements.</summary>
    public PixelMapping Pixels { get; }

    /// <summary>The format and the quality, such as <c>Jpeg95</c>: the name without the mapping.</summary>
    public string FormName => Format == ImageFormat.Png ? nameof(ImageFormat.Png) : string.Create(CultureInfo.InvariantCulture, $"{Format}{Quality}");

    /// <inheritdoc/>
    public bool IsLossless => Format == ImageFormat.Png;

    /// <inheritdoc/>
    public bool IsIdentity => false;

    /// <inheritdoc/>
    public bool TakesSlabs => false;

    /// <summary>A codec that loses nothing.</summary>
    /// <param name="pixels">How the tensor was made of bytes, such as <c>ImagePreprocessing.ImageNet.Pixels</c>.</param>
    /// <exception cref="ArgumentException">The mapping makes no sense.</exception>
    public static ImageCodec Png(PixelMapping pixels) => new(ImageFormat.Png, 100, pixels);

    /// <summary>A codec of JPEGs.</summary>
    /// <param name="pixels">How the tensor was made of bytes, such as <c>ImagePreprocessing.ImageNet.Pixels</c>.</param>
    /// <param name="quality">1 (small) to 100.</param>
    /// <exception cref="ArgumentException">The mapping makes no sense, or the quality is out of range.</exception>
    public static ImageCodec Jpeg(PixelMapping pixels, int quality = 95) => new(ImageFormat.Jpeg, quality, pixels);

    /// <summary>A codec of lossy WebPs.</summary>
    /// <param name="pixels">How the tensor was made of bytes, such as <c>ImagePreprocessing.ImageNet.Pixels</c>.</param>
    /// <param name="quality">1 (small) to 100.</param>
    /// <exception cref="ArgumentException">The mapping makes no sense, or the quality is out of range.</exception>
    public static ImageCodec WebP(PixelMapping pixels, int quality = 90) => new(ImageFormat.WebP, quality, pixels);

    /// <summary>Makes the codec of a name. Upper and lower case are the same.</summary>
    /// <param name="name">A name such as <c>Jpeg95-ImageNet</c>, or one without a mapping: <c>Jpeg95</c>, <c>jpeg:95</c>, <c>WebP90</c>, <c>Png</c>.</param>
    /// <param name="pixels">The mapping where the name has none; null where it must have one.</param>
    /// <exception cref="FormatException">It is no such name; the message says why.</exception>
    public static ImageCodec Parse(string name, PixelMapping? pixels = null) => Read(name, pixels, out var fault) ?? throw new FormatException(fault);

    /// <summary>Makes the codec of a whole name, such as <c>Jpeg95-ImageNet</c>.</summary>
    /// <param name="name">The name.</param>
    /// <param name="codec">The codec; null where the name is none of this kind.</param>
    public static bool TryParse([NotNullWhen(true)] string? name, [NotNullWhen(true)] out ImageCodec? codec) => (codec = Read(name ?? "", null, out _)) is not null;

    /// <inheritdoc/>
    public bool Suits(TensorSpec value) => Pixels.Suits(value);

    /// <inheritdoc/>
    public long MaxEncodedLength(ElementType type, TensorShape shape) => checked(1 + type.ByteSize(shape.ElementCount));

    /// <inheritdoc/>
    public long ScratchBytes(ElementType type, TensorShape shape) => PictureSize.TryCreate(Pixels, Format, type, shape, out var size) ? ImagePayload.ScratchBytesOf(this, size) : 0;

    /// <inheritdoc/>
    public int Encode(ElementType type, TensorShape shape, ReadOnlySpan<byte> tensor, Span<byte> payload)
    {
        payload = payload[..(1 + tensor.Length)];
        if (PictureSize.TryCreate(Pixels, Format, type, shape, out var size) && ImagePayload.TryEncode(this, _values, size, tensor, payload, out var length)) return length;
        payload[0] = (byte)PayloadKind.Stored;
        tensor.CopyTo(payload[1..]);
        return payload.Length;
    }

    /// <inheritdoc/>
    public void Decode(ElementType type, TensorShape shape, ReadOnlySpan<byte> payload, Span<byte> tensor)
    {
        if (payload.IsEmpty) throw new InvalidPayloadException(Name, "it is empty");
        var kind = (PayloadKind)payload[0];
        var rest = payload[1..];
        if (kind == PayloadKind.Stored)
        {
            if (rest.Length != tensor.Length) throw new InvalidPayloadException(Name, $"{tensor.Length} bytes of a tensor were due and {rest.Length} came");
            rest.CopyTo(tensor);
            return;
        }

        if (!PictureSize.TryCreate(Pixels, Format, type, shape, out var size)) throw new InvalidPayloadException(Name, $"a {type.DisplayName()} tensor of {shape} is no picture");
        ImagePayload.Decode(this, _values, size, kind, rest, tensor);
    }

    private static ImageCodec? Read(string name, PixelMapping? pixels, out string? fault)
    {
        fault = null;
        var dash = name.IndexOf('-');
        var form = dash < 0 ? name : name[..dash];
        var digits = form.TrimEnd([.. "0123456789"]);
        var quality = form[digits.Length..];
        var formats = Enum.GetValues<ImageFormat>();
        var at = Array.FindIndex(formats, known => known.ToString().Equals(digits.EndsWith(':') ? digits[..^1] : digits, StringComparison.OrdinalIgnoreCase));
        var format = at < 0 ? default : formats[at];
        if (at < 0)
        {
            fault = $"'{name}' is no codec of pictures. Those are Png, Jpeg1 to Jpeg100 and WebP1 to WebP100, such as jpeg:95 or Jpeg95-ImageNet.";
        }
        else if (format == ImageFormat.Png ? digits.Length + quality.Length > nameof(ImageFormat.Png).Length : !int.TryParse(quality, CultureInfo.InvariantCulture, out var number) || number is < 1 or > 100)
        {
            fault = format == ImageFormat.Png ? $"'{name}': PNG loses nothing and has no quality. Leave it out." : $"'{name}' needs a quality from 1 to 100, such as {format}95.";
        }
        else if (dash < 0 && pixels is null)
        {
            fault = $"'{name}' does not say how the tensor was made of pixels. Add it to the name, such as {name}-ImageNet, or state the preprocessing.";
        }
        else
        {
            try
            {
                return new(format, format == ImageFormat.Png ? 100 : int.Parse(quality, CultureInfo.InvariantCulture), dash < 0 ? pixels! : PixelMapping.Parse(name[(dash + 1)..]));
            }
            catch (FormatException error)
            {
                fault = $"'{name}': {error.Message}";
            }
        }

        return null;
    }
}
