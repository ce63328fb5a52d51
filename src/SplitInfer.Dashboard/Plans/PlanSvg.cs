using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Dashboard.Plans;

/// <summary>
/// Draws a plan: the cuts along an axis, from all at the server to all on the device; above, what crosses at each, below, how the work is shared. Arms stand out,
/// and so does where clients cut now. Names come from the model's file and are encoded. Colours are those of the page's style sheet.
/// </summary>
internal static class PlanSvg
{
    private const double Width = 960, Left = 64, Right = 16, Top = 32, BarsHeight = 150, Gap = 18, WorkHeight = 64, AxisHeight = 34;
    private const double BarsBottom = Top + BarsHeight, WorkTop = BarsBottom + Gap, WorkBottom = WorkTop + WorkHeight, Height = WorkBottom + AxisHeight;

    // A model may have thousands of cuts; text on each would be unreadable and large.
    private const int MostTicks = 16, LongestName = 60, MostNames = 3;

    /// <summary>The picture.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="arms">The partitions that are marked as arms.</param>
    /// <param name="choices">How many clients cut where now; empty for none.</param>
    /// <param name="title">What the picture is called for those who do not see it.</param>
    public static string Of(PartitionPlan plan, IReadOnlySet<int> arms, IReadOnlyDictionary<int, int> choices, string title)
    {
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg class=\"plan\" viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{Encode(Describe(plan, arms, choices, title))}\">");
        var scale = new Scale(plan);
        AddGrid(svg, scale);
        AddChoiceBands(svg, scale, choices);
        AddWork(svg, plan, scale);
        AddBars(svg, plan, arms, choices, scale);
        AddChoices(svg, scale, choices);
        AddAxis(svg, plan, scale);
        return svg.Append("</svg>").ToString();
    }

    private static string Describe(PartitionPlan plan, IReadOnlySet<int> arms, IReadOnlyDictionary<int, int> choices, string title)
    {
        var text = $"{title}: {plan.Partitions.Length} cuts, {arms.Count} of them arms.";
        foreach (var (partition, clients) in choices.OrderByDescending(static choice => choice.Value).Take(4))
            text += $" {Clients(clients)} {(clients == 1 ? "cuts" : "cut")} at {partition}.";
        return text;
    }

    private static void AddGrid(StringBuilder svg, Scale scale)
    {
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"caption\" x=\"{Left}\" y=\"11\">What crosses the cut (logarithmic)</text>");
        foreach (var bytes in scale.GridLines())
        {
            var y = scale.BytesY(bytes);
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{y:0.#}\" y2=\"{y:0.#}\"/><text class=\"label end\" x=\"{Left - 8}\" y=\"{y + 4:0.#}\">{Amounts.Bytes(bytes)}</text>");
        }

        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"label end\" x=\"{Left - 8}\" y=\"{WorkTop + 10}\">100 %</text><text class=\"label end\" x=\"{Left - 8}\" y=\"{WorkBottom}\">0 %</text>");
    }

    private static void AddChoiceBands(StringBuilder svg, Scale scale, IReadOnlyDictionary<int, int> choices)
    {
        foreach (var (partition, _) in choices)
            svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"chosen-band\" x=\"{scale.X(partition) - (Math.Max(scale.Step, 10) / 2):0.##}\" y=\"{Top - 6}\" width=\"{Math.Max(scale.Step, 10):0.##}\" height=\"{WorkBottom - Top + 6}\"/>");
    }

    /// <summary>How the work is shared, as an area that rises with the head's part of it.</summary>
    private static void AddWork(StringBuilder svg, PartitionPlan plan, Scale scale)
    {
        var total = Math.Max(1, plan.AllOnDevice.Head.Macs);
        svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"work-server\" x=\"{Left}\" y=\"{WorkTop}\" width=\"{Width - Left - Right}\" height=\"{WorkHeight}\"/>");
        AddArea("work-other", static head => head.Macs);
        AddArea("work-matmul", static head => head.Conv.Macs + head.MatMul.Macs);
        AddArea("work-conv", static head => head.Conv.Macs);
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"caption on-work\" x=\"{Left + 8}\" y=\"{WorkTop + 16}\">Work at the server</text><text class=\"caption on-work end\" x=\"{Width - Right - 8}\" y=\"{WorkBottom - 8}\">Work on the device</text>");

        void AddArea(string style, Func<SegmentCost, double> work)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<path class=\"{style}\" d=\"M{Left} {WorkBottom}");
            foreach (var partition in plan.Partitions) svg.Append(CultureInfo.InvariantCulture, $"L{scale.X(partition.Index):0.#} {WorkBottom - (WorkHeight * Math.Clamp(work(partition.Head) / total, 0, 1)):0.#}");
            svg.Append(CultureInfo.InvariantCulture, $"V{WorkBottom}Z\"/>");
        }
    }

    private static void AddBars(StringBuilder svg, PartitionPlan plan, IReadOnlySet<int> arms, IReadOnlyDictionary<int, int> choices, Scale scale)
    {
        var width = Math.Clamp(scale.Step * 0.7, 1, 22);
        foreach (var partition in plan.Partitions)
        {
            var (isArm, x) = (arms.Contains(partition.Index), scale.X(partition.Index));
            var style = choices.ContainsKey(partition.Index) ? "chosen" : isArm ? "arm" : partition.IsAdmissible ? "cut" : "refused";
            var y = partition.BoundaryBytes > 0 ? scale.BytesY(partition.BoundaryBytes) : BarsBottom - 3;
            svg.Append(CultureInfo.InvariantCulture, $"<g class=\"{style}\"><title>{Encode(Explain(partition, isArm, choices.GetValueOrDefault(partition.Index)))}</title>");
            // Room to point at, for bars that are thin or short.
            svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"hit\" x=\"{x - (scale.Step / 2):0.##}\" y=\"{Top}\" width=\"{scale.Step:0.##}\" height=\"{WorkBottom - Top}\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{x - (width / 2):0.##}\" y=\"{y:0.#}\" width=\"{width:0.##}\" height=\"{BarsBottom - y:0.#}\" rx=\"{Math.Min(2, width / 4):0.#}\"/>");
            if (isArm) svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{x:0.##}\" cy=\"{y - 7:0.#}\" r=\"3.5\"/>");
            svg.Append("</g>");
        }
    }

    private static void AddChoices(StringBuilder svg, Scale scale, IReadOnlyDictionary<int, int> choices)
    {
        const double gap = 4;
        // Where there is no room for all, those of the most clients are shown; the bars tell the others.
        var room = Width - Right - Left + gap;
        var badges = choices.OrderByDescending(static choice => choice.Value).Select(choice => (Partition: choice.Key, Text: Clients(choice.Value), Width: (5.6 * Clients(choice.Value).Length) + 12))
            .TakeWhile(badge => (room -= badge.Width + gap) >= 0).OrderBy(static badge => badge.Partition).ToArray();
        var places = new double[badges.Length];
        var edge = (double)Left;
        for (var i = 0; i < badges.Length; i++)
        {
            places[i] = Math.Max(scale.X(badges[i].Partition) - (badges[i].Width / 2), edge);
            edge = places[i] + badges[i].Width + gap;
        }

        edge = Width - Right;
        for (var i = badges.Length - 1; i >= 0; i--)
        {
            places[i] = Math.Min(places[i], edge - badges[i].Width);
            edge = places[i] - gap;
        }

        foreach (var ((_, text, width), x) in badges.Zip(places))
        {
            svg.Append(CultureInfo.InvariantCulture, $"<g class=\"badge\"><rect x=\"{x:0.#}\" y=\"{Top - 16}\" width=\"{width:0.#}\" height=\"16\" rx=\"8\"/><text x=\"{x + (width / 2.0):0.#}\" y=\"{Top - 4.6}\">{text}</text></g>");
        }
    }

    private static void AddAxis(StringBuilder svg, PartitionPlan plan, Scale scale)
    {
        var last = plan.Partitions.Length - 1;
        var step = Math.Max(1, (int)Math.Ceiling(plan.Partitions.Length / (double)MostTicks));
        for (var index = 0; index <= last; index += step)
        {
            // The last has a place of its own.
            if (index != last && last - index < step) continue;
            AddTick(index);
        }

        if (last % step != 0) AddTick(last);
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"caption\" x=\"{Left}\" y=\"{WorkBottom + 30}\">← all at the server</text><text class=\"caption end\" x=\"{Width - Right}\" y=\"{WorkBottom + 30}\">all on the device →</text><text class=\"caption middle\" x=\"{(Left + Width - Right) / 2}\" y=\"{WorkBottom + 30}\">nodes on the device: the cut</text>");

        void AddTick(int index) => svg.Append(CultureInfo.InvariantCulture, $"<text class=\"label middle\" x=\"{scale.X(index):0.#}\" y=\"{WorkBottom + 15}\">{index}</text>");
    }

    /// <summary>What one cut is, in words.</summary>
    private static string Explain(Partition partition, bool isArm, int clients)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Cut {partition.Index}{(isArm ? ", an arm" : "")}{(clients > 0 ? $", chosen by {Clients(clients)} now" : "")}\n");
        if (partition.InadmissibleReason is { } reason) text.Append(CultureInfo.InvariantCulture, $"Cannot be used: {reason}\n");
        else text.Append(CultureInfo.InvariantCulture, $"{Amounts.Bytes(partition.BoundaryBytes)} cross{(partition.Boundary.IsEmpty ? "" : $": {Names(partition.Boundary)}")}\n");
        return text.Append(CultureInfo.InvariantCulture, $"Device {Amounts.Count(partition.Head.Macs)} MACs in {partition.Head.Nodes} nodes, server {Amounts.Count(partition.Tail.Macs)} MACs in {partition.Tail.Nodes}").ToString();
    }

    private static string Names(ImmutableArray<TensorSpec> boundary)
    {
        var names = string.Join(", ", boundary.Take(MostNames).Select(static value => Shorten(value.ToString())));
        return boundary.Length > MostNames ? $"{names} and {boundary.Length - MostNames} more" : names;
    }

    private static string Shorten(string text) => text.Length <= LongestName ? text : $"…{text[^LongestName..]}";

    private static string Clients(int count) => count == 1 ? "1 client" : $"{count} clients";

    private static string Encode(string text) => WebUtility.HtmlEncode(text);

    /// <summary>Where things stand.</summary>
    private sealed class Scale
    {
        private readonly double _low, _high;
        private readonly int _last;

        public Scale(PartitionPlan plan)
        {
            _last = Math.Max(1, plan.Partitions.Length - 1);
            var sizes = plan.Partitions.Where(static partition => partition.BoundaryBytes > 0).Select(static partition => (double)partition.BoundaryBytes).DefaultIfEmpty(1).ToArray();
            (_low, _high) = (Math.Floor(Math.Log10(sizes.Min())), Math.Log10(sizes.Max()));
            if (_high - _low < 1) _high = _low + 1;
        }

        /// <summary>Between two cuts.</summary>
        public double Step => (Width - Left - Right) / (_last + 1);

        public double X(int partition) => Left + (Step * (partition + 0.5));

        public double BytesY(double bytes) => BarsBottom - 6 - ((BarsHeight - 24) * Math.Clamp((Math.Log10(bytes) - _low) / (_high - _low), 0, 1));

        public IEnumerable<double> GridLines()
        {
            for (var power = _low; power <= _high; power++) yield return Math.Pow(10, power);
        }
    }
}
