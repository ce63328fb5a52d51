using SplitInfer.Models.Onnx;

namespace SplitInfer.Testing;

/// <summary>What a graph shares with its sub-graphs: names, random numbers, operator sets and functions.</summary>
internal sealed class ModelScope(int seed, int opset, int irVersion)
{
    private readonly Dictionary<string, int> _counts = [];
    private readonly SortedSet<string> _domains = new(StringComparer.Ordinal);
    private readonly List<FunctionProto> _functions = [];

    public Random Random { get; } = new(seed);

    public string Unique(string stem)
    {
        var count = _counts.GetValueOrDefault(stem);
        _counts[stem] = count + 1;
        return $"{stem}_{count}";
    }

    public void Use(string domain)
    {
        if (domain.Length > 0) _domains.Add(domain);
    }

    public void Define(string domain, string name, string[] inputs, GraphProto body)
    {
        Use(domain);
        var function = new FunctionProto { Domain = domain, Name = name };
        function.Input.AddRange(inputs);
        function.Output.AddRange(body.Output.Select(static o => o.Name));
        function.Node.AddRange(body.Node);
        function.OpsetImport.AddRange(OperatorSets());
        _functions.Add(function);
    }

    public ModelProto Build(GraphProto graph)
    {
        var model = new ModelProto { IrVersion = irVersion, ProducerName = "SplitInfer.Testing", Graph = graph.Clone() };
        model.OpsetImport.AddRange(OperatorSets());
        model.Functions.AddRange(_functions);
        // Before version 4 of the format, every initializer was an input too.
        if (irVersion < 4)
            foreach (var initializer in graph.Initializer) model.Graph.Input.Add(Infos.Of(initializer));
        return model;
    }

    private IEnumerable<OperatorSetIdProto> OperatorSets() =>
        [new() { Domain = "", Version = opset }, .. _domains.Select(static d => new OperatorSetIdProto { Domain = d, Version = 1 })];
}
