using Spectre.Console;
using SplitInfer.Cli.Output;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Commands.Inspect;

/// <summary>A plan as a table: arms marked, a bar for the size of each boundary, long stretches of cuts that cannot win in one line.</summary>
internal sealed class PlanTable
{
    // A plan of up to this many partitions is shown whole.
    private const int MaxWhole = 48;
    private const int NumbersWidth = 59;

    private readonly PartitionedModel _model;
    private readonly ILookup<int, string> _arms;
    private readonly double _largest;
    private readonly int _barWidth;
    private readonly int _textWidth;
    private readonly Table _table = new Table().Border(TableBorder.Simple);

    private PlanTable(PartitionedModel model, ILookup<int, string> arms, int width)
    {
        (_model, _arms) = (model, arms);
        _largest = model.Plan.Partitions.Where(static p => p.IsAdmissible).Max(static p => p.BoundaryBytes);
        _barWidth = width < 110 ? 10 : 20;
        _textWidth = Math.Clamp(width - NumbersWidth - _barWidth, 20, 64);
        AddColumn("cut").RightAligned();
        AddColumn("arm");
        AddColumn("what crosses");
        AddColumn("").Width = _barWidth;
        AddColumn("boundary").RightAligned();
        AddColumn("head MACs").RightAligned();
        AddColumn("tail MACs").RightAligned();
    }

    /// <summary>Prints the plan.</summary>
    /// <param name="console">Where.</param>
    /// <param name="model">The model.</param>
    /// <param name="arms">The codecs with which each cut can win, by partition; an empty name where no codec was calibrated.</param>
    /// <param name="isWhole">Whether every partition gets a line, however many there are.</param>
    public static void Write(IAnsiConsole console, PartitionedModel model, ILookup<int, string> arms, bool isWhole)
    {
        var table = new PlanTable(model, arms, console.Profile.Width);
        table.AddRows(isWhole || model.Plan.Partitions.Length <= MaxWhole);
        console.Write(table._table);
    }

    private TableColumn AddColumn(string title)
    {
        var column = new TableColumn(title).NoWrap();
        _table.AddColumn(column);
        return column;
    }

    private void AddRows(bool isWhole)
    {
        var skipped = new List<Partition>();
        foreach (var partition in _model.Plan.Partitions)
        {
            if (!isWhole && !IsArm(partition))
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
        var colour = IsArm(partition) ? "green" : "grey";
        var style = IsArm(partition) ? "default" : "grey";
        string Cell(string text) => $"[{style}]{Markup.Escape(text)}[/]";
        _table.AddRow(
            Cell($"{partition.Index}"),
            IsArm(partition) ? "[green]●[/]" : "",
            Cell(Describe(partition)),
            partition.IsAdmissible ? $"[{colour}]{Bar.Of(partition.BoundaryBytes, _largest, _barWidth)}[/]" : "",
            partition.IsAdmissible ? Cell(Sizes.Bytes(partition.BoundaryBytes)) : "",
            Cell(Sizes.Count(partition.Head.Macs)),
            Cell(Sizes.Count(partition.Tail.Macs)));
    }

    /// <summary>One line for a stretch of cuts that are no arms.</summary>
    private void AddSkipped(List<Partition> skipped)
    {
        if (skipped.Count == 0) return;
        var admissible = skipped.Where(static p => p.IsAdmissible).ToArray();
        var refused = skipped.Count - admissible.Length;
        var text = (admissible.Length, refused) switch
        {
            (> 0, 0) => $"{admissible.Length} cuts, none smaller",
            (0, > 0) => $"{refused} cuts that cannot be made",
            _ => $"{admissible.Length} cuts, none smaller; {refused} that cannot be made",
        };
        _table.AddRow("[grey]…[/]", "", $"[grey]{Shorten(text)}[/]");
        skipped.Clear();
    }

    private bool IsArm(Partition partition) => _arms.Contains(partition.Index);

    private string Describe(Partition partition)
    {
        if (partition == _model.Plan.AllOnDevice) return "nothing: all on the device";
        if (partition.InadmissibleReason is { } refusal) return Shorten(PlainWriter.Of($"not admissible: {refusal}"));
        return partition.Boundary switch
        {
            [] => "nothing",
            [var only] => Describe(only, ""),
            [var first, .. var others] => Describe(first, $" and {others.Length} more"),
        };
    }

    /// <summary>The end of a name tells values apart, so a long name loses its start.</summary>
    private string Describe(TensorSpec value, string andOthers)
    {
        var rest = $" {value.Type.DisplayName()} {new TensorShape((_model.ShapeOf(value.Name) ?? []).AsSpan())}{andOthers}";
        var room = Math.Max(8, _textWidth - rest.Length);
        var name = PlainWriter.Of(value.Name);
        return (name.Length <= room ? name : $"…{name[^(room - 1)..]}") + rest;
    }

    private string Shorten(string text) => text.Length <= _textWidth ? text : $"{text[..(_textWidth - 1)]}…";
}
