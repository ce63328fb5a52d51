using System.Text;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>Lists which operator writes which values, from the bytes of a model, without reading its weights.</summary>
internal ref struct NodeScan
{
    // Field numbers of ONNX: ModelProto.graph, GraphProto.node, NodeProto.output, op_type and domain.
    private const int Graph = 7, Node = 1, Output = 2, OpType = 4, Domain = 7;

    private readonly ReadOnlySpan<byte> _bytes;
    private int _position;

    private NodeScan(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>The values that the nodes of the top-level graph write, with the operator; none of what is not well-formed.</summary>
    public static IReadOnlyDictionary<string, (string Domain, string OpType)> Producers(ReadOnlySpan<byte> model)
    {
        var producers = new Dictionary<string, (string, string)>(StringComparer.Ordinal);
        var scan = new NodeScan(model);
        while (scan.Next(out var field, out var graph))
        {
            if (field != Graph) continue;
            var nodes = new NodeScan(graph);
            while (nodes.Next(out field, out var node))
                if (field == Node) Read(node, producers);
        }

        return producers;
    }

    private static void Read(ReadOnlySpan<byte> node, Dictionary<string, (string Domain, string OpType)> producers)
    {
        var (domain, operation) = ("", "");
        var outputs = new List<string>(1);
        var scan = new NodeScan(node);
        while (scan.Next(out var field, out var content))
        {
            if (field == Output) outputs.Add(Encoding.UTF8.GetString(content));
            else if (field == OpType) operation = Encoding.UTF8.GetString(content);
            else if (field == Domain) domain = Encoding.UTF8.GetString(content);
        }

        foreach (var output in outputs) producers[output] = (domain, operation);
    }

    /// <summary>Goes to the next field.</summary>
    /// <param name="field">Its number.</param>
    /// <param name="content">Its bytes, where it has a length; else none.</param>
    /// <returns>Whether there is one that is well-formed.</returns>
    private bool Next(out int field, out ReadOnlySpan<byte> content)
    {
        field = 0;
        content = default;
        if (!Varint(out var tag)) return false;
        field = (int)(tag >> 3);
        switch (tag & 7)
        {
            case 0: return Varint(out _);
            case 1: return Skip(sizeof(ulong));
            case 5: return Skip(sizeof(uint));
            case 2:
                if (!Varint(out var length) || length > (ulong)(_bytes.Length - _position)) return false;
                content = _bytes.Slice(_position, (int)length);
                return Skip((int)length);
            default: return false;
        }
    }

    private bool Skip(int length)
    {
        if (length > _bytes.Length - _position) return false;
        _position += length;
        return true;
    }

    private bool Varint(out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < 64 && _position < _bytes.Length; shift += 7)
        {
            var next = _bytes[_position++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return true;
        }

        return false;
    }
}
