using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Exits;

/// <summary>A model in several segments, each of which takes up what the one before left: up to the first of some cuts, from there to the next, and to the end. Safe for concurrent use. Dispose it after the last run has ended.</summary>
internal sealed class SegmentChain : IDisposable
{
    private readonly List<Link> _links = [];

    private SegmentChain() { }

    /// <summary>Number of segments.</summary>
    public int Count => _links.Count;

    /// <summary>Loads the segments between cuts.</summary>
    /// <param name="model">The model.</param>
    /// <param name="partitions">Rising indices of partitions that can be made.</param>
    /// <param name="toTheEnd">Whether there is a segment behind the last cut.</param>
    /// <param name="execution">How segments run.</param>
    /// <exception cref="EngineException">The engine refuses one.</exception>
    public static SegmentChain Load(PartitionedModel model, IReadOnlyList<int> partitions, bool toTheEnd, ExecutionOptions execution)
    {
        var (chain, plan) = (new SegmentChain(), model.Plan);
        try
        {
            string[] held = [.. plan.Inputs.Select(static input => input.Name)];
            for (var place = 0; place < partitions.Count; place++)
            {
                var segment = place == 0 ? model.Head(partitions[0]) : model.Between(partitions[place - 1], partitions[place]);
                string[] next = [.. plan.Partitions[partitions[place]].Boundary.Select(static value => value.Name)];
                chain._links.Add(Link.Load(segment, held, next, execution));
                held = next;
            }

            if (toTheEnd) chain._links.Add(Link.Load(partitions.Count == 0 ? model.Whole() : model.Tail(partitions[^1]), held, [.. plan.Outputs.Select(static output => output.Name)], execution));
            return chain;
        }
        catch
        {
            chain.Dispose();
            throw;
        }
    }

    /// <summary>Runs one segment.</summary>
    /// <param name="segment">Its number.</param>
    /// <param name="held">What it takes up: the inputs of the model, or what the segment before left; the caller keeps ownership.</param>
    /// <param name="cancellationToken">Stops the run at the next node.</param>
    /// <returns>The boundary of its cut, or the outputs of the model; the caller owns them.</returns>
    public TensorValue[] Run(int segment, TensorValue[] held, CancellationToken cancellationToken) => _links[segment].Run(held, cancellationToken);

    public void Dispose()
    {
        foreach (var link in _links) link.Dispose();
        _links.Clear();
    }

    private sealed class Link(SegmentRunner? runner, int[] given, (bool IsMade, int Index)[] left) : IDisposable
    {
        public static Link Load(SegmentModel segment, string[] held, string[] next, ExecutionOptions execution)
        {
            string[] made = [.. segment.Outputs.Select(static output => output.Name)];
            var left = next.Select(name => Array.IndexOf(made, name) is >= 0 and var index ? (true, index) : (false, Array.IndexOf(held, name))).ToArray();
            return new(segment.IsEmpty ? null : new(segment.Load(execution), segment.Inputs, segment.Outputs), [.. segment.Inputs.Select(input => Array.IndexOf(held, input.Name))], left);
        }

        public TensorValue[] Run(TensorValue[] held, CancellationToken cancellationToken)
        {
            var made = new TensorValue[runner?.Outputs.Count ?? 0];
            runner?.Run([.. given.Select(place => held[place])], made, cancellationToken);
            TensorValue[] next = [.. left.Select(source => (source.IsMade ? made : held)[source.Index].Share())];
            foreach (var tensor in made) tensor.Dispose();
            return next;
        }

        public void Dispose() => runner?.Dispose();
    }
}
