using Google.Protobuf;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;

namespace SplitInfer.Core.Tests.Models;

/// <summary>Graphs of sums from <c>x</c> to <c>y</c>, written as each node's output and what it reads.</summary>
internal static class SumGraph
{
    public static ModelGraph Of(params (string Output, string[] Inputs)[] nodes) => Of(Model(nodes));

    public static ModelGraph Of(ModelProto model) => ModelGraph.Of(OnnxModel.Parse(model.ToByteArray()));

    public static ModelProto Model(params (string Output, string[] Inputs)[] nodes) => new()
    {
        IrVersion = 8,
        OpsetImport = { new OperatorSetIdProto { Version = 17 } },
        Graph = new()
        {
            Input = { new ValueInfoProto { Name = "x" } },
            Node = { nodes.Select(static n => Node(n.Output, n.Inputs)) },
            Output = { new ValueInfoProto { Name = "y" } },
        },
    };

    public static NodeProto Node(string output, params string[] inputs) => new() { OpType = "Sum", Input = { inputs }, Output = { output } };

    public static IEnumerable<string> Outputs(IEnumerable<GraphNode> nodes) => nodes.Select(static n => n.Outputs[0]);
}
