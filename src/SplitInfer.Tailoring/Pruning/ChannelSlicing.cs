using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Pruning;

/// <summary>Takes channels out of the weights and constants of a graph.</summary>
internal sealed class ChannelSlicing(GraphEdit edit, ChannelClasses classes, HashSet<int> removed)
{
    /// <summary>The indexes of the channels that stay.</summary>
    public int[] Kept(int[] channels) => [.. Enumerable.Range(0, channels.Length).Where(i => !removed.Contains(classes.ClassOf(channels[i])))];

    /// <summary>The indexes of the input channels of a layer that stay.</summary>
    public int[] KeptInputs(PrunableLayer layer) => layer.Inputs is { } inputs ? Kept(inputs) : [.. Enumerable.Range(0, layer.Product.Inputs)];

    /// <summary>Whether channels of a layer go.</summary>
    public bool Changes(PrunableLayer layer) => KeptInputs(layer).Length < layer.Product.Inputs || Kept(layer.Outputs).Length < layer.Outputs.Length;

    /// <summary>Changes the graph.</summary>
    public void Apply()
    {
        foreach (var layer in classes.Layers.Where(Changes))
        {
            var (inputs, outputs) = (KeptInputs(layer), Kept(layer.Outputs));
            layer.Product.WriteSome(edit, [.. outputs.Select(output => layer.Product.RowOf(output, inputs))], [.. outputs.Select(output => layer.Product.Bias[output])], inputs.Length);
        }

        foreach (var constant in classes.Constants)
        {
            var kept = Kept(constant.Channels);
            if (kept.Length == constant.Channels.Length) continue;
            var node = constant.Node;
            node.Input[constant.Place] = Sliced(node.Input[constant.Place], constant.Axis, kept);
            if (Ops.Is(node, "Conv")) Ops.Set(node, Ops.Attribute("group", (long)kept.Length));
            edit.Forget();
        }

        foreach (var node in classes.Flattening) node.Input[1] = edit.Add<long>($"{node.Output[0]}/shape", ElementType.Int64, [0, -1], 2);
        // Shapes that the file states are no longer right.
        edit.Graph.ValueInfo.Clear();
        edit.Forget();
    }

    private string Sliced(string name, int axis, int[] kept)
    {
        long[] dimensions = [.. edit.ConstantOf(name)!.Dims];
        var elements = edit.FloatsOf(name)!;
        var inner = (int)dimensions[(axis + 1)..].Aggregate(1L, static (product, size) => product * size);
        var size = (int)dimensions[axis];
        List<float> result = [];
        for (var outer = 0; outer < elements.Length / inner / size; outer++)
            foreach (var index in kept) result.AddRange(elements.AsSpan(((outer * size) + index) * inner, inner));
        dimensions[axis] = kept.Length;
        return edit.Add<float>($"{name}/pruned", ElementType.Float32, result.ToArray(), dimensions);
    }
}
