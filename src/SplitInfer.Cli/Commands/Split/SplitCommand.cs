using System.CommandLine;
using System.Text.Json;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Partitioning;

namespace SplitInfer.Cli.Commands.Split;

/// <summary>Writes head and tail of one partition as ONNX files that any runtime runs.</summary>
internal static class SplitCommand
{
    private const string HeadName = "head.onnx", TailName = "tail.onnx", NoteName = "split.json", ReadmeName = "README.txt";

    private static readonly LineContext Indented = new(new JsonSerializerOptions(LineContext.Default.Options) { WriteIndented = true });

    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var file = SharedOptions.Model();
        var partition = new Option<int>("--partition") { Description = "Where to cut; 'splitinfer inspect' lists the partitions.", HelpName = "k", Required = true };
        var output = new Option<string>("--out") { Description = $"Folder for {HeadName}, {TailName}, {NoteName} and {ReadmeName}; made where it is not there, and files of these names are replaced.", HelpName = "DIR", Required = true };
        var inputs = new Option<string?>("--inputs") { Description = "Folder of inputs to make the plan with (input_0.pb …, or one NAME.npy for each input), where the model does not run on those that are made up.", HelpName = "DIR" };
        var command = new ExplainedCommand("split", "Writes head and tail as ordinary ONNX files that any runtime runs, with a note of what crosses.",
            "splitinfer split squeezenet.onnx --partition 19 --out squeezenet-19",
            "splitinfer split encoder.onnx --partition 40 --dim batch=1 --out encoder-40 --json")
        {
            file, partition, output, inputs, options.Planning,
        };
        command.SetAction(parsed =>
        {
            var (path, folder) = (parsed.GetRequiredValue(file), parsed.GetRequiredValue(output));
            var model = terminal.While($"Planning {path}", () => ModelFile.Load(path, parsed.GetValue(inputs), options.PlanOf(parsed), options.ExecutionOf(parsed)));
            var note = Write(model, Choose(model.Plan, parsed.GetRequiredValue(partition)), folder);
            if (note.Missing.Count > 0) terminal.Complain($"Neither file yields {string.Join(", ", note.Missing)}, which cannot cross a cut.");
            if (parsed.GetValue(options.Json)) new JsonLines(terminal.Output).Write(note, LineContext.Default.SplitNote);
            else terminal.Output.Write($"{SplitReadme.Of(note)}Written to {folder}.{Environment.NewLine}");
        });
        return command;
    }

    private static Partition Choose(PartitionPlan plan, int index)
    {
        if (index < 0 || index >= plan.Partitions.Length)
            throw new UsageException($"There is no partition {index}; the model has 0 to {plan.Partitions.Length - 1}. Of these, {string.Join(", ", plan.Arms.SkipLast(1).Select(static arm => arm.Index))} can be the fastest.");
        return plan.Partitions[index].InadmissibleReason is { } refusal ? throw new UsageException($"Partition {index} cannot be made: {refusal}.") : plan.Partitions[index];
    }

    private static SplitNote Write(PartitionedModel model, Partition partition, string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var name in (string[])[HeadName, TailName])
            if (Path.GetFullPath(Path.Combine(folder, name)) == Path.GetFullPath(model.Source)) throw new UsageException($"--out {folder} holds the model itself under the name {name}; name another folder.");
        var head = model.WriteHead(partition.Index, Path.Combine(folder, HeadName));
        var tail = model.WriteTail(partition.Index, Path.Combine(folder, TailName));
        // What an earlier run left would be taken for part of this one.
        if (head is null) File.Delete(Path.Combine(folder, HeadName));
        if (tail is null) File.Delete(Path.Combine(folder, TailName));
        var note = SplitNote.Of(model, partition, head, tail);
        File.WriteAllText(Path.Combine(folder, NoteName), JsonSerializer.Serialize(note, Indented.SplitNote) + Environment.NewLine);
        File.WriteAllText(Path.Combine(folder, ReadmeName), SplitReadme.Of(note));
        return note;
    }
}
