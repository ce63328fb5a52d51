using System.Globalization;
using System.Net;
using SplitInfer.Dashboard.Plans;
using SplitInfer.Families;

namespace SplitInfer.Dashboard.Families;

/// <summary>A family as one HTML file that needs no other and loads nothing: its variants by bytes, time and agreement, as a picture and as a table.</summary>
public static class FamilyPage
{
    /// <summary>Writes the page.</summary>
    /// <param name="output">Where. Names are encoded as they are written.</param>
    /// <param name="family">The family.</param>
    public static void Write(TextWriter output, ModelFamily family)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(family);
        var summary = $"{family.Variants.Length} variants, judged by {family.Samples} samples{(family.SharesSamples ? " that they were made with" : "")} on {Encode(family.Machine)}";
        PageFrame.Write(output, family.Model, "family", summary, () => WriteSections(output, family));
    }

    private static void WriteSections(TextWriter output, ModelFamily family)
    {
        output.Write(
            $"""
            <section class="panel">
            <div class="plan-scroll" tabindex="0" aria-label="Picture of the family">
            {FamilySvg.Of(family)}
            </div>
            <ul class="plan-legend" aria-label="Legend">
            <li><span class="key key-arm"></span>no other variant is as small, as fast and agrees as often</li>
            <li><span class="key key-cut"></span>another one is better</li>
            <li>The larger a circle, the more results are those of the model.</li>
            </ul>
            </section>
            <section class="panel">
            <h2>Variants</h2>
            <div class="plan-scroll" tabindex="0" aria-label="Table of the variants">
            <table class="arms">
            <thead><tr><th scope="col">Variant</th><th scope="col">On the front</th><th scope="col" class="number">Bytes</th><th scope="col" class="number">ms</th><th scope="col" class="number">3 of 4 within, ms</th><th scope="col" class="number">Original, ms</th><th scope="col" class="number">Agreement</th><th scope="col" class="number">At least</th><th scope="col">Processor</th><th scope="col">Meets</th></tr></thead>
            <tbody>

            """);
        foreach (var variant in family.Variants) output.Write(RowOf(variant, family));
        output.Write(
            """
            </tbody>
            </table>
            </div>
            </section>

            """);
        WriteList(output, "Targets that none meets", family.Targets.Where(static t => t.Refusal is not null).Select(static t => $"{t.Name}: {t.Refusal}"));
        WriteList(output, "Not made", family.NotMade.IsDefault ? [] : family.NotMade);
    }

    internal static string Percent(double share) => (share * 100).ToString("0.0", CultureInfo.InvariantCulture) + " %";

    private static string RowOf(FamilyVariant variant, ModelFamily family)
    {
        var time = variant.IsTimedElsewhere ? null : variant.Times[0];
        var targets = string.Join(", ", family.Targets.Where(t => t.Variant == variant.Name).Select(static t => t.Name));
        return
            $"""
            <tr><th scope="row">{Encode(variant.Name)}</th><td>{(variant.IsParetoOptimal ? "yes" : "no")}</td><td class="number">{Amounts.Bytes(variant.Bytes)}</td><td class="number">{Amounts.Ms(time?.Milliseconds)}</td><td class="number">{Amounts.Ms(time?.UpperMilliseconds)}</td><td class="number">{Amounts.Ms(time?.BaseMilliseconds)}</td><td class="number">{Percent(variant.Agreement)}</td><td class="number">{Percent(variant.AgreementLow)}</td><td>{Encode(variant.Isa ?? "any")}{(variant.IsTimedElsewhere ? ", not timed there" : "")}</td><td>{Encode(targets)}</td></tr>

            """;
    }

    private static void WriteList(TextWriter output, string title, IEnumerable<string> items)
    {
        string[] all = [.. items];
        if (all.Length == 0) return;
        output.Write($"<section class=\"panel\">\n<h2>{title}</h2>\n<ul>\n");
        foreach (var item in all) output.Write($"<li>{Encode(item)}</li>\n");
        output.Write("</ul>\n</section>\n");
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
