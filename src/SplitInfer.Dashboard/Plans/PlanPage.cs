using System.Collections.Immutable;
using System.Net;
using SplitInfer.Partitioning;

namespace SplitInfer.Dashboard.Plans;

/// <summary>A plan as one HTML file that needs no other and loads nothing: the picture of the dashboard.</summary>
public static class PlanPage
{
    /// <summary>Writes the page.</summary>
    /// <param name="output">Where.</param>
    /// <param name="title">What the model is called; encoded as it is written.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="arms">The partitions that are marked as arms; null for those of the plan.</param>
    public static void Write(TextWriter output, string title, PartitionPlan plan, IEnumerable<int>? arms = null)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(title);
        ArgumentNullException.ThrowIfNull(plan);
        var marked = (arms ?? plan.Arms.Select(static arm => arm.Index)).ToHashSet();
        var summary = $"{plan.Partitions.Length} cuts, {marked.Count} arms · {Amounts.Count(plan.AllOnDevice.Head.Macs)} MACs in {plan.AllOnDevice.Head.Nodes} nodes · SHA-256 {plan.Model.ToString()[..12]}…";
        PageFrame.Write(output, title, "plan", summary, () => WriteSections(output, title, plan, marked));
    }

    private static void WriteSections(TextWriter output, string title, PartitionPlan plan, HashSet<int> marked)
    {
        output.Write(
            $"""
            <section class="panel">
            <div class="plan-scroll" tabindex="0" aria-label="Picture of the plan">
            {PlanSvg.Of(plan, marked, ImmutableDictionary<int, int>.Empty, title)}
            </div>
            {PlanLegend.Html(hasChoices: false)}
            </section>
            <section class="panel">
            <h2>Arms</h2>
            <div class="plan-scroll" tabindex="0" aria-label="Table of the arms">
            <table class="arms">
            <thead><tr><th scope="col">Cut</th><th scope="col">What crosses</th><th scope="col" class="number">Boundary</th><th scope="col" class="number">Device MACs</th><th scope="col" class="number">Server MACs</th></tr></thead>
            <tbody>

            """);
        foreach (var partition in plan.Partitions.Where(partition => marked.Contains(partition.Index)))
        {
            var crosses = partition.Boundary.IsEmpty ? "nothing: all on the device" : string.Join(", ", partition.Boundary);
            output.Write(
                $"""
                <tr><th scope="row">{partition.Index}</th><td>{WebUtility.HtmlEncode(crosses)}</td><td class="number">{Amounts.Bytes(partition.BoundaryBytes)}</td><td class="number">{Amounts.Count(partition.Head.Macs)}</td><td class="number">{Amounts.Count(partition.Tail.Macs)}</td></tr>

                """);
        }

        output.Write(
            """
            </tbody>
            </table>
            </div>
            </section>

            """);
    }
}

/// <summary>What the marks of a picture of a plan mean.</summary>
internal static class PlanLegend
{
    /// <summary>The legend.</summary>
    /// <param name="hasChoices">Whether the picture may show where clients cut.</param>
    public static string Html(bool hasChoices) =>
        $"""
        <ul class="plan-legend" aria-label="Legend">
        {(hasChoices ? "<li><span class=\"key key-chosen\"></span>chosen now</li>" : "")}
        <li><span class="key key-arm"></span>arm: can be the fastest</li>
        <li><span class="key key-cut"></span>other cut</li>
        <li><span class="key key-refused"></span>cannot be used</li>
        <li><span class="key key-conv"></span>convolutions</li>
        <li><span class="key key-matmul"></span>matrix products</li>
        <li><span class="key key-other"></span>other nodes</li>
        <li><span class="key key-server"></span>left to the server</li>
        </ul>
        """;
}
