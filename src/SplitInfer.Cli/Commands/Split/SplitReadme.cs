using System.Text;
using SplitInfer.Cli.Output;

namespace SplitInfer.Cli.Commands.Split;

/// <summary>A note for people on how to run the two files one after the other.</summary>
internal static class SplitReadme
{
    public static string Of(SplitNote note)
    {
        var text = new StringBuilder();
        text.AppendLine($"{Path.GetFileName(note.Model)}, cut at partition {note.Partition} by splitinfer. SHA-256 of the model: {note.Fingerprint}.");
        text.AppendLine();
        if (note.Head is { } head)
        {
            text.AppendLine($"1. Run {head.File}. It takes, in this order:");
            List(head.Inputs);
            text.AppendLine("   It yields, in this order:");
            List(head.Outputs);
        }
        else
        {
            text.AppendLine("1. Nothing is computed before the cut, so there is no head.");
        }

        text.AppendLine();
        if (note.Tail is { } tail)
        {
            text.AppendLine($"2. Run {tail.File} on what crosses the cut, in this order, {Sizes.Bytes(note.Boundary.Sum(static value => value.Bytes ?? 0))} in all:");
            List(note.Boundary);
            text.AppendLine("   It yields, in this order:");
            List(tail.Outputs);
        }
        else
        {
            text.AppendLine("2. Nothing is computed after the cut, so there is no tail.");
        }

        text.AppendLine();
        text.AppendLine("The outputs of the model, in its order:");
        List(note.Outputs);
        if (note.Missing.Count > 0) text.AppendLine($"Neither file yields {string.Join(", ", note.Missing)}: the model makes them of the outputs above, and they cannot cross a cut.");
        text.AppendLine();
        text.AppendLine("Values go by their names: feed a value of the tail's inputs under the name that it has here. split.json says the same for programs.");
        return text.ToString();

        void List(IEnumerable<SplitValue> values)
        {
            foreach (var value in values) text.AppendLine($"   - {value.Name}  {value.Type} {ShapeOf(value)}{Source(value)}");
        }
    }

    private static string ShapeOf(SplitValue value) => value.Dimensions is { } dimensions ? string.Join('×', dimensions) : value.Shape.IsEmpty ? "" : string.Join('×', value.Shape);

    private static string Source(SplitValue value) => value.From switch
    {
        null => "",
        "input" => "  (an input of the model, as it is)",
        var file => $"  (from the {file})",
    };
}
