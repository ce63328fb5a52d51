using System.Globalization;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Surgery.Float16;

/// <summary>
/// A graph that computes in float16 wherever 11 bits and a range of ±65504 do: products, what is done element by element, and what only moves elements.
/// Sums over many elements, exponentials, quotients, normalisations and the scores before a softmax stay float32, as do the inputs and the outputs of
/// the model. Half of the bytes; faster on processors with float16 kernels only. Refused where a weight is beyond ±65504, and where nothing can be float16.
/// </summary>
public sealed class Float16Graph : ModelTransformation
{
    private readonly ExecutionOptions _execution;

    /// <summary>Prepares the transformation.</summary>
    /// <param name="execution">The engine that infers types; null for the default one.</param>
    public Float16Graph(ExecutionOptions? execution = null) => _execution = execution ?? new();

    /// <inheritdoc/>
    public override string Name => "float16";

    private protected override void Change(GraphEdit edit, CancellationToken cancellationToken)
    {
        var types = ValueTypes.Of(edit.Model, _execution);
        cancellationToken.ThrowIfCancellationRequested();
        var halves = HalfOperations.Of(edit, types);
        if (halves.Count == 0) throw edit.Refusal(Name, "no node computes in float32 what float16 can hold");
        var total = edit.Graph.Node.Count;
        new Rewriter(edit, types, halves, Name).Change();
        edit.Note(string.Create(CultureInfo.InvariantCulture, $"{halves.Count} of {total} nodes in float16"));
    }

    private sealed class Rewriter(GraphEdit edit, ValueTypes types, IReadOnlySet<NodeProto> halves, string transformation)
    {
        /// <summary>By the name of a float32 value: its float16 form.</summary>
        private readonly Dictionary<string, string> _forms = new(StringComparer.Ordinal);

        public void Change()
        {
            NodeProto[] nodes = [.. edit.Graph.Node];
            // What such a node writes gets another name, so that the old one is free for its float32 form.
            var written = nodes.Where(halves.Contains).SelectMany(static n => n.Output).Where(IsFloat).ToArray();
            foreach (var value in written) _forms[value] = edit.Fresh($"{value}/float16");
            var needed = nodes.Where(n => !halves.Contains(n)).SelectMany(static n => n.Input.Concat(Captures.Of(n))).Concat(edit.Graph.Output.Select(static o => o.Name)).ToHashSet(StringComparer.Ordinal);
            foreach (var node in nodes.Where(halves.Contains))
            {
                for (var i = 0; i < node.Input.Count; i++)
                    if (IsFloat(node.Input[i])) node.Input[i] = HalfOf(node.Input[i]);
                string[] outputs = [.. node.Output.Where(IsFloat)];
                for (var i = 0; i < node.Output.Count; i++)
                    if (IsFloat(node.Output[i])) node.Output[i] = _forms[node.Output[i]];
                edit.InsertBehind(node, [.. outputs.Where(needed.Contains).Select(value => Cast(_forms[value], value, ElementType.Float32))]);
            }
        }

        private string HalfOf(string value)
        {
            if (_forms.TryGetValue(value, out var known)) return known;
            var name = _forms[value] = edit.Fresh($"{value}/float16");
            if (edit.ConstantOf(value) is { } constant) edit.Graph.Initializer.Add(HalfConstants.Of(edit, constant, name, transformation));
            else if (edit.ProducerOf(value) is { } producer) edit.InsertBehind(producer, Cast(value, name, ElementType.Float16));
            else edit.InsertFirst(Cast(value, name, ElementType.Float16));
            return name;
        }

        private bool IsFloat(string value) => types.Is(value, ElementType.Float32);

        private NodeProto Cast(string from, string to, ElementType type) => Ops.Node("Cast", edit.Fresh($"{to}/cast"), [from], to, Ops.Attribute("to", (long)type));
    }
}
