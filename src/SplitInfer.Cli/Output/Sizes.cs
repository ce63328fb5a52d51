using System.Globalization;

namespace SplitInfer.Cli.Output;

/// <summary>Numbers as people read them.</summary>
internal static class Sizes
{
    private static readonly string[] ByteUnits = ["B", "KiB", "MiB", "GiB", "TiB"];
    private static readonly string[] CountUnits = ["", " k", " M", " G", " T"];

    /// <summary>Bytes with a binary unit: <c>3.1 MiB</c>.</summary>
    public static string Bytes(double bytes) => Scaled(bytes, 1024, ByteUnits, " ");

    /// <summary>A count with a decimal unit: <c>4.1 G</c>.</summary>
    public static string Count(double count) => Scaled(count, 1000, CountUnits, "");

    private static string Scaled(double value, double step, string[] units, string gap)
    {
        var unit = 0;
        while (value >= step && unit < units.Length - 1) (value, unit) = (value / step, unit + 1);
        return value.ToString(value >= 100 || unit == 0 ? "0" : "0.0", CultureInfo.InvariantCulture) + gap + units[unit];
    }
}
