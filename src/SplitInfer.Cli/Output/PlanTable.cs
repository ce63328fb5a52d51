using Spectre.Console;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Output;

/// <summary>A plan as a table: arms marked, a bar for the size of each boundary, long stretches of cuts that cannot win in one line.</summary>
internal sealed class PlanTable
{
    // A plan of up to this many partitions is shown whole.
    private const int MaxWhole = 48;
    private const int BarWidth = 24;

    private readonly PartitionPlan _plan;
    private readonly long _largest;
    private readonly Table _table = new Table().Border(TableBorder.Simple).Expand();

    private PlanTable(PartitionPlan plan)
    {
        _plan = plan;
        _largest = plan.Partitions.Where(static p => p.IsAdmissible).Max(static p => p.BoundaryBytes);
        _table.AddColumn(new TableColumn("cut").RightAligned().NoWrap());
        _table.AddColumn(new TableColumn("arm").NoWrap());
        _table.AddColumn(new TableColumn("what crosses").NoWrap());
        _table.AddColumn(new TableColumn("").Width(BarWidth).NoWrap());
        _table.AddColumn(new TableColumn("boundary").RightAligned().NoWrap());
        _table.AddColumn(new TableColumn("head MACs").RightAligned().NoWrap());
        _table.AddColumn(new TableColumn("tail MACs").RightAligned().NoWrap());
    }

    /// <summary>Prints the plan.</summary>
    /// <param name="console">Where.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="isWhole">Whether every partition gets a line, however many there are.</param>
    public static void Write(IAnsiConsole console, PartitionPlan plan, bool isWhole)
    {
        var table = new PlanTable(plan);
        table.AddRows(isWhole || plan.Partitions.Length <= MaxWhole);
        console.Write(table._table);
    }

    private void AddRows(bool isWhole)
    {
        var skipped = new List<Partition>();
        foreach (var partition in _plan.Partitions)
        {
            if (!isWhole && !partition.IsArm)
            {
                skipped.Add(partition);
                continue;
            }

            AddSkipped(skipped);
            AddRow(partition);
        }

        AddSkipped(skipped);
    }

    private void AddRow(Partition partition)
    {
        var style = partition.IsArm ? "" : "[grey]";
        var end = partition.IsArm ? "" : "[/]";
        _table.AddRow(
            $"{style}{partition.Index}{end}",
            partition.IsArm ? "[green]●[/]" : "",
            $"{style}{Markup.Escape(Describe(partition))}{end}",
            partition.IsAdmissible ? $"[{(partition.IsArm ? "green" : "grey")}]{Bar.Of(partition.BoundaryBytes, _largest, BarWidth)}[/]" : "",
            partition.IsAdmissible ? $"{style}{Sizes.Bytes(partition.BoundaryBytes)}{end}" : "",
            $"{style}{Sizes.Count(partition.Head.Macs)}{end}",
            $"{style}{Sizes.Count(partition.Tail.Macs)}{end}");
    }

    /// <summary>One line for a stretch of cuts that are no arms.</summary>
    private void AddSkipped(List<Partition> skipped)
    {
        if (skipped.Count == 0) return;
        var admissible = skipped.Where(static p => p.IsAdmissible).ToArray();
        var refused = skipped.Count - admissible.Length;
        string[] parts =
        [
            .. admissible.Length > 0 ? [$"{admissible.Length} cuts of {Sizes.Bytes(admissible.Min(static p => p.BoundaryBytes))} or more, none smaller than an earlier one"] : Array.Empty<string>(),
            .. refused > 0 ? [$"{refused} that cannot be made"] : Array.Empty<string>(),
        ];
        _table.AddRow("[grey]…[/]", "", $"[grey]{string.Join("; ", parts)}[/]", "", "", "", "");
        skipped.Clear();
    }

    private string Describe(Partition partition)
    {
        if (partition == _plan.AllOnDevice) return "nothing: all on the device";
        if (partition.Refusal is { } refusal) return $"not admissible: {refusal}";
        return partition.Boundary switch
        {
            [] => "nothing",
            [var only] => Describe(only),
            [var first, .. var others] => $"{Describe(first)} and {others.Length} more",
        };
    }

    private static string Describe(TensorSpec value) =>
        value.Name.Length <= 32 ? value.ToString() : $"…{value.ToString()[(value.Name.Length - 31)..]}";
}
