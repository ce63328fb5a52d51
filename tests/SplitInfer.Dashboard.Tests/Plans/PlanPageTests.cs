using System.Xml.Linq;
using SplitInfer.Dashboard.Plans;
using SplitInfer.Partitioning;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Dashboard.Tests.Plans;

/// <summary>The picture of a plan.</summary>
public class PlanPageTests
{
    private static readonly PartitionedModel Model = PartitionedModel.Load(UNet.Build().ToBytes());

    [Fact]
    public void The_picture_has_every_cut_and_marks_arms_and_choices()
    {
        var plan = Model.Plan;
        var arms = plan.Arms.Select(static arm => arm.Index).ToHashSet();
        var picture = Draw(arms, new Dictionary<int, int> { [plan.Arms[0].Index] = 3, [plan.Arms[^1].Index] = 1 });
        var groups = picture.Elements().Where(static one => one.Name.LocalName == "g").ToLookup(static one => (string)one.Attribute("class")!);
        Assert.Equal(2, groups["chosen"].Count());
        Assert.Equal(arms.Count - 2, groups["arm"].Count());
        Assert.Equal(plan.Partitions.Count(static partition => !partition.IsAdmissible), groups["refused"].Count());
        Assert.Equal(plan.Partitions.Length, groups["chosen"].Count() + groups["arm"].Count() + groups["cut"].Count() + groups["refused"].Count());
        Assert.Equal(["3 clients", "1 client"], groups["badge"].Select(static badge => badge.Value));
        Assert.Contains($"{plan.Partitions.Length} cuts, {arms.Count} of them arms", (string?)picture.Attribute("aria-label"), StringComparison.Ordinal);
        Assert.Contains("chosen by 3 clients now", groups["chosen"].First().Value, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 1)]
    [InlineData(4, 1000)]
    [InlineData(int.MaxValue, 1)]
    [InlineData(int.MaxValue, 12345)]
    public void Choices_stand_side_by_side_wherever_they_are_and_however_many(int count, int clients)
    {
        var plan = Model.Plan;
        var choices = plan.Partitions.Reverse().Take(count).ToDictionary(static partition => partition.Index, partition => clients + partition.Index);
        var picture = Draw(new HashSet<int>(), choices);
        var width = double.Parse(((string)picture.Attribute("viewBox")!).Split(' ')[2], System.Globalization.CultureInfo.InvariantCulture);
        var badges = picture.Elements().Where(static one => (string?)one.Attribute("class") == "badge").Select(static one => one.Elements().First())
            .Select(static box => (X: Number(box, "x"), Width: Number(box, "width"))).ToArray();
        Assert.NotEmpty(badges);
        if (count <= 4) Assert.Equal(count, badges.Length);
        Assert.True(badges[0].X >= 0 && badges[^1].X + badges[^1].Width <= width);
        foreach (var (left, right) in badges.Zip(badges.Skip(1))) Assert.True(left.X + left.Width < right.X);

        static double Number(XElement box, string name) => double.Parse((string)box.Attribute(name)!, System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public void The_page_needs_nothing_else_and_a_name_is_only_text()
    {
        using var output = new StringWriter();
        PlanPage.Write(output, "<script>alert(1)</script>", Model.Plan);
        var page = output.ToString();
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("http://", page, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", page, StringComparison.Ordinal);
        Assert.DoesNotContain("src=", page, StringComparison.Ordinal);
        Assert.DoesNotContain("url(", page, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;", page, StringComparison.Ordinal);
        Assert.Equal(Model.Plan.Arms.Length, page.Split("<th scope=\"row\">").Length - 1);
    }

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "1.0 kB")]
    [InlineData(9949, "9.9 kB")]
    [InlineData(9950, "10 kB")]
    [InlineData(999_500, "1.0 MB")]
    [InlineData(123e15, "123000 TB")]
    public void Sizes_are_short(double bytes, string text) => Assert.Equal(text, Amounts.Bytes(bytes));

    [Theory]
    [InlineData(0.0, "0")]
    [InlineData(0.123, "0.12")]
    [InlineData(4.0, "4")]
    [InlineData(4.26, "4.3")]
    [InlineData(42.4, "42")]
    [InlineData(4200.0, "4,200")]
    [InlineData(double.NaN, "–")]
    [InlineData(null, "–")]
    public void Times_are_short(double? milliseconds, string text) => Assert.Equal(text, Amounts.Ms(milliseconds));

    private static XElement Draw(IReadOnlySet<int> arms, IReadOnlyDictionary<int, int> choices) => XElement.Parse(PlanSvg.Of(Model.Plan, arms, choices, "U & <net>"));
}
