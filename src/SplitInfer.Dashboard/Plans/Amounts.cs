using System.Globalization;

namespace SplitInfer.Dashboard.Plans;

/// <summary>Numbers with their units, short enough to be read at a glance.</summary>
internal static class Amounts
{
    private static readonly string[] ByteUnits = ["B", "kB", "MB", "GB", "TB"], Counts = ["", "k", "M", "G", "T", "P"];

    /// <summary>Such as <c>1.3 MB</c>, in powers of 1000.</summary>
    public static string Bytes(double bytes) => Scaled(bytes, ByteUnits);

    /// <summary>Such as <c>349 M</c>.</summary>
    public static string Count(double count) => Scaled(count, Counts).TrimEnd();

    /// <summary>Milliseconds, such as <c>0.42</c>, <c>4.2</c>, <c>42</c> or <c>4,200</c>, without a unit; a dash where there is no number.</summary>
    public static string Ms(double? milliseconds) => milliseconds is { } ms && double.IsFinite(ms) ? Short(ms) : "–";

    /// <summary>Three digits or so.</summary>
    public static string Short(double value) => Math.Abs(value) switch
    {
        var whole when double.IsInteger(whole) => value.ToString("#,0", CultureInfo.InvariantCulture),
        < 1 => value.ToString("0.00", CultureInfo.InvariantCulture),
        < 9.95 => value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => value.ToString("#,0", CultureInfo.InvariantCulture),
    };

    private static string Scaled(double value, string[] units)
    {
        var unit = 0;
        while (Math.Abs(value) >= 999.5 && unit < units.Length - 1) (value, unit) = (value / 1000, unit + 1);
        var number = unit > 0 && Math.Abs(value) < 9.95 ? value.ToString("0.0", CultureInfo.InvariantCulture) : value.ToString("0", CultureInfo.InvariantCulture);
        return $"{number} {units[unit]}";
    }
}
