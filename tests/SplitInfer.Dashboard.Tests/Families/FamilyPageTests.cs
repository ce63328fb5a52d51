using System.Globalization;
using System.Xml.Linq;
using SplitInfer.Dashboard.Families;
using SplitInfer.Families;

namespace SplitInfer.Dashboard.Tests.Families;

/// <summary>The picture of a family.</summary>
public class FamilyPageTests
{
    [Fact]
    public void The_picture_has_every_variant_that_was_timed_and_marks_the_front()
    {
        var picture = Draw(Family(Variant("float32", 4e6, 20, 1, isOnFront: false), Variant("int8", 1e6, 10, 0.98), Variant("int8-arm64", 1e6, 30, 0.97) with { IsTimedElsewhere = true, Isa = "arm64" }));
        var groups = picture.Elements().Where(static one => one.Name.LocalName == "g").ToLookup(static one => (string)one.Attribute("class")!);
        Assert.Contains("int8: 1.0 MB, 10 ms, 98.0 % agree, on the front", Assert.Single(groups["arm"]).Value, StringComparison.Ordinal);
        var other = Assert.Single(groups["cut"]);
        Assert.Contains("float32: 4.0 MB", other.Value, StringComparison.Ordinal);
        // The smaller is further to the left, the faster lower, and what agrees more often is larger.
        var (left, right) = (Circle(groups["arm"].Single()), Circle(other));
        Assert.True(left.X < right.X && left.Y > right.Y && left.R < right.R);
        Assert.Contains("the original", picture.Value, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(12)]
    public void Labels_do_not_stand_on_each_other(int count)
    {
        var picture = Draw(Family([.. Enumerable.Range(0, count).Select(static i => Variant($"variant-{i}", 1e6, 10 + (i * 0.01), 1))]));
        var rows = picture.Descendants().Where(static one => (string?)one.Attribute("class") == "name").Select(static label => Number(label, "y")).Order().ToArray();
        Assert.Equal(count, rows.Length);
        foreach (var (above, below) in rows.Zip(rows.Skip(1))) Assert.True(below - above >= 12);
    }

    [Fact]
    public void The_page_needs_nothing_else_and_names_are_only_text()
    {
        using var output = new StringWriter();
        FamilyPage.Write(output, Family(Variant("<b>int8</b>", 1e6, 10, 0.98), Variant("far", 1e6, 30, 0.97) with { IsTimedElsewhere = true, Isa = "arm64" }) with { Model = "<script>alert(1)</script>", Targets = [new("small", "<b>int8</b>", null), new("tiny", null, "No <i>variant</i>")], NotMade = ["dynamic-int8: no MatMul"] });
        var page = output.ToString();
        foreach (var tag in (string[])["<script", "<b>", "<i>", "http://", "https://", "src=", "url("]) Assert.DoesNotContain(tag, page, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("prefers-color-scheme: dark", page, StringComparison.Ordinal);
        Assert.Equal(2, page.Split("<th scope=\"row\">").Length - 1);
        Assert.Contains("<td>arm64, not timed there</td>", page, StringComparison.Ordinal);
        Assert.Contains("tiny: No &lt;i&gt;", page, StringComparison.Ordinal);
        Assert.Contains("dynamic-int8: no MatMul", page, StringComparison.Ordinal);
        // What was taken elsewhere is no time.
        Assert.DoesNotContain(">30<", page, StringComparison.Ordinal);
    }

    private static (double X, double Y, double R) Circle(XElement group) => group.Elements().Single(static one => one.Name.LocalName == "circle") is var circle ? (Number(circle, "cx"), Number(circle, "cy"), Number(circle, "r")) : default;

    private static double Number(XElement one, string name) => double.Parse((string)one.Attribute(name)!, CultureInfo.InvariantCulture);

    private static XElement Draw(ModelFamily family) => XElement.Parse(FamilySvg.Of(family));

    private static ModelFamily Family(params FamilyVariant[] variants) => new() { Model = "U & <net>", Fingerprint = default, Samples = 10, Machine = "a machine", Variants = [.. variants] };

    private static FamilyVariant Variant(string name, double bytes, double ms, double agreement, bool isOnFront = true) => new()
    {
        Name = name, File = $"{name}.onnx", Fingerprint = default, Bytes = (long)bytes, Times = [new(1, ms, 22) { UpperMilliseconds = ms * 1.1 }], Agreement = agreement, AgreementLow = agreement * 0.95, Cosine = 1, IsParetoOptimal = isOnFront,
    };
}
