using System.Collections.Immutable;

namespace SplitInfer.Partitioning;

/// <summary>Who holds a value.</summary>
internal enum ValueOrigin
{
    /// <summary>The model's inputs.</summary>
    Input,

    /// <summary>The head's outputs.</summary>
    Head,

    /// <summary>The tail's outputs.</summary>
    Tail,
}

/// <summary>Where a value is found: at a place of the model's inputs, of the head's outputs, or of the tail's.</summary>
internal readonly record struct ValueSource(ValueOrigin Origin, int Index);

/// <summary>
/// How values flow through one partition on the device. The server needs no such table: the tail's inputs are the boundary and its outputs the tail outputs,
/// both in order. Immutable.
/// </summary>
internal sealed class Routing
{
    /// <summary>For each input of the head, its place among the model's inputs.</summary>
    public required ImmutableArray<int> HeadInputs { get; init; }

    /// <summary>Whether there is a head to run.</summary>
    public required bool HasHead { get; init; }

    /// <summary>For each value of the boundary, where it comes from: an input of the model, passed unchanged, or an output of the head.</summary>
    public required ImmutableArray<ValueSource> Boundary { get; init; }

    /// <summary>For each output of the model, where it comes from. Two outputs may have one source.</summary>
    public required ImmutableArray<ValueSource> Outputs { get; init; }

    /// <summary>The routing of a partition.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="inputs">Names of the model's inputs.</param>
    /// <param name="headInputs">Names of those that the head reads, in its order.</param>
    /// <param name="headOutputs">Names of what the head yields, in its order.</param>
    /// <param name="outputs">Names of the model's outputs; one may come twice.</param>
    public static Routing Of(Partition partition, ImmutableArray<string> inputs, ImmutableArray<string> headInputs, IReadOnlyCollection<string> headOutputs, IEnumerable<string> outputs)
    {
        var sources = new Dictionary<string, ValueSource>(StringComparer.Ordinal);
        Number(inputs, ValueOrigin.Input);
        Number(headOutputs, ValueOrigin.Head);
        Number(partition.TailOutputs.Select(static o => o.Name), ValueOrigin.Tail);
        return new()
        {
            HasHead = headOutputs.Count > 0,
            HeadInputs = [.. headInputs.Select(name => inputs.IndexOf(name))],
            Boundary = [.. partition.Boundary.Select(b => sources[b.Name])],
            Outputs = [.. outputs.Select(name => sources[name])],
        };

        void Number(IEnumerable<string> names, ValueOrigin origin)
        {
            foreach (var (index, name) in names.Index()) sources.TryAdd(name, new(origin, index));
        }
    }
}
