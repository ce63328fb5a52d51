using System.Globalization;
using System.Net;
using System.Text;
using SplitInfer.Dashboard.Plans;
using SplitInfer.Families;

namespace SplitInfer.Dashboard.Families;

/// <summary>
/// Draws the variants of a family: bytes from left to right, time upwards, agreement as the size of a circle. Those that no other one beats stand out. Variants whose times
/// were taken on another processor than theirs have no place in it. Colours are those of the page's style sheet.
/// </summary>
internal static class FamilySvg
{
    private const double Width = 960, Left = 64, Right = 150, Top = 32, PlotHeight = 300, Bottom = Top + PlotHeight, Height = Bottom + 44;
    private const double SmallestRadius = 4, LargestRadius = 11, LineHeight = 13, LabelWidth = 150;
    private const int GridLines = 5;

    /// <summary>The picture.</summary>
    public static string Of(ModelFamily family)
    {
        FamilyVariant[] drawn = [.. family.Variants.Where(static v => !v.IsTimedElsewhere)];
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg class=\"plan\" viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{Encode($"{family.Model}: {drawn.Length} variants by bytes, time and agreement; the table tells the same.")}\">");
        if (drawn.Length > 0) Add(svg, drawn);
        return svg.Append("</svg>").ToString();
    }

    private static void Add(StringBuilder svg, FamilyVariant[] variants)
    {
        var original = variants.Average(static v => v.Times[0].BaseMilliseconds);
        var slowest = Math.Max(original, variants.Max(static v => v.Times[0].Milliseconds)) * 1.05;
        var (fewest, most) = (variants.Min(static v => v.Bytes), Math.Max(variants.Max(static v => v.Bytes), variants.Min(static v => v.Bytes) + 1));
        var least = variants.Min(static v => v.Agreement);
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"caption\" x=\"{Left}\" y=\"14\">ms a run</text><text class=\"caption end\" x=\"{Width - Right}\" y=\"{Bottom + 34}\">bytes →</text>");
        for (var line = 0; line <= GridLines; line++)
        {
            var (ms, bytes) = (slowest * line / GridLines, fewest + ((most - fewest) * (double)line / GridLines));
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(ms):0.#}\" y2=\"{Y(ms):0.#}\"/><text class=\"label end\" x=\"{Left - 8}\" y=\"{Y(ms) + 4:0.#}\">{Amounts.Ms(ms)}</text>");
            svg.Append(CultureInfo.InvariantCulture, $"<text class=\"label middle\" x=\"{X(bytes):0.#}\" y=\"{Bottom + 18}\">{Amounts.Bytes(bytes)}</text>");
        }

        svg.Append(CultureInfo.InvariantCulture, $"<line class=\"original\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(original):0.#}\" y2=\"{Y(original):0.#}\"/><text class=\"caption\" x=\"{Left + 4}\" y=\"{Y(original) - 4:0.#}\">the original</text>");
        foreach (var (variant, y) in variants.Zip(LabelRows(variants, X, Y)))
        {
            var (x, ms) = (X(variant.Bytes), variant.Times[0].Milliseconds);
            var radius = SmallestRadius + ((LargestRadius - SmallestRadius) * (least < 1 ? (variant.Agreement - least) / (1 - least) : 1));
            svg.Append(CultureInfo.InvariantCulture, $"<g class=\"{(variant.IsParetoOptimal ? "arm" : "cut")}\"><title>{Encode($"{variant.Name}: {Amounts.Bytes(variant.Bytes)}, {Amounts.Ms(ms)} ms, {FamilyPage.Percent(variant.Agreement)} agree{(variant.IsParetoOptimal ? ", on the front" : "")}")}</title>");
            svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{x:0.#}\" cy=\"{Y(ms):0.#}\" r=\"{radius:0.#}\"/><text class=\"name\" x=\"{x + LargestRadius + 3:0.#}\" y=\"{y:0.#}\">{Encode(variant.Name)} {FamilyPage.Percent(variant.Agreement)}</text></g>");
        }

        double X(double bytes) => Left + LargestRadius + ((Width - Left - Right - (2 * LargestRadius)) * (bytes - fewest) / (most - fewest));

        double Y(double ms) => Bottom - (PlotHeight * ms / slowest);
    }

    /// <summary>Where labels stand, none over another: beside their circles, or as far above as it takes.</summary>
    private static double[] LabelRows(FamilyVariant[] variants, Func<double, double> x, Func<double, double> y)
    {
        var rows = new double[variants.Length];
        var placed = new List<int>();
        foreach (var i in Enumerable.Range(0, variants.Length).OrderByDescending(i => y(variants[i].Times[0].Milliseconds)))
        {
            rows[i] = y(variants[i].Times[0].Milliseconds) + 3;
            // From the lowest on, so that each moves past those that stand already.
            foreach (var other in placed.Where(other => Math.Abs(x(variants[other].Bytes) - x(variants[i].Bytes)) < LabelWidth).OrderByDescending(other => rows[other]))
                if (Math.Abs(rows[other] - rows[i]) < LineHeight) rows[i] = rows[other] - LineHeight;
            placed.Add(i);
        }

        return rows;
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
