// Draws the icon of the packages: a network of layers, cut in two.
//   dotnet run eng/icon.cs -- eng/icon.png
using System.Buffers.Binary;
using System.IO.Compression;

const int Size = 128, Samples = 4;
var pixels = new byte[Size * ((4 * Size) + 1)]; // each row starts with its filter, 0 for none
for (var y = 0; y < Size; y++)
    for (var x = 0; x < Size; x++)
        Average(x, y).CopyTo(pixels, (y * ((4 * Size) + 1)) + 1 + (4 * x));

using var png = File.Create(args[0]);
png.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
var header = new byte[13];
BinaryPrimitives.WriteInt32BigEndian(header, Size);
BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), Size);
(header[8], header[9]) = (8, 6); // 8 bits for each of red, green, blue and alpha
Write("IHDR"u8, header);
using var packed = new MemoryStream();
using (var zlib = new ZLibStream(packed, CompressionLevel.SmallestSize, leaveOpen: true)) zlib.Write(pixels);
Write("IDAT"u8, packed.ToArray());
Write("IEND"u8, []);

// The mean colour of a pixel, of which the edges are smooth.
static byte[] Average(int x, int y)
{
    double red = 0, green = 0, blue = 0, alpha = 0;
    for (var i = 0; i < Samples * Samples; i++)
    {
        if (ColourAt(x + (((i % Samples) + 0.5) / Samples), y + (((i / Samples) + 0.5) / Samples)) is not { } colour) continue;
        (red, green, blue, alpha) = (red + (colour >> 16), green + ((colour >> 8) & 255), blue + (colour & 255), alpha + 1);
    }

    return alpha == 0 ? new byte[4] : [Rounded(red / alpha), Rounded(green / alpha), Rounded(blue / alpha), Rounded(255 * alpha / (Samples * Samples))];
}

static byte Rounded(double value) => (byte)Math.Round(value);

// Five layers that grow narrower; the first two belong to the device, the others to the server, and a gap of daylight lies between.
static int? ColourAt(double x, double y)
{
    if (!IsInBox(x, y, 64, 64, 62, 62, 24)) return null;
    (double Centre, double HalfHeight)[] layers = [(24, 40), (42, 34), (76, 24), (92, 18), (108, 12)];
    for (var i = 0; i < layers.Length; i++)
        if (IsInBox(x, y, layers[i].Centre, 64, 6, layers[i].HalfHeight, 5)) return i < 2 ? 0x4FD1C5 : 0xF6AD55;
    var isDot = Math.Abs(x - 59) <= 1.5 && y is > 14 and < 114 && (y - 14) % 10 < 6;
    return isDot ? 0xE2E8F0 : 0x1A2B4A;
}

// Whether a point lies in a box with round corners.
static bool IsInBox(double x, double y, double centreX, double centreY, double halfWidth, double halfHeight, double radius)
{
    var (dx, dy) = (Math.Max(0, Math.Abs(x - centreX) - halfWidth + radius), Math.Max(0, Math.Abs(y - centreY) - halfHeight + radius));
    return (dx * dx) + (dy * dy) <= radius * radius;
}

void Write(ReadOnlySpan<byte> kind, byte[] data)
{
    byte[] part = [.. kind, .. data];
    var number = new byte[4];
    BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
    png.Write(number);
    png.Write(part);
    BinaryPrimitives.WriteUInt32BigEndian(number, Checksum(part));
    png.Write(number);
}

static uint Checksum(byte[] data)
{
    var sum = uint.MaxValue;
    foreach (var value in data)
    {
        sum ^= value;
        for (var bit = 0; bit < 8; bit++) sum = (sum & 1) != 0 ? (sum >> 1) ^ 0xEDB88320 : sum >> 1;
    }

    return ~sum;
}
