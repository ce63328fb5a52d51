namespace SplitInfer.Partitioning;

/// <summary>Work of one class of nodes: multiply-accumulates and the number of nodes.</summary>
public readonly record struct ClassCost(double Macs, int Nodes)
{
    /// <summary>The work of both.</summary>
    public static ClassCost operator +(ClassCost left, ClassCost right) => new(left.Macs + right.Macs, left.Nodes + right.Nodes);
}

/// <summary>Work of a segment by cost class, for the shapes that the plan was made with.</summary>
/// <param name="Conv">Convolutions, transposed ones included.</param>
/// <param name="MatMul">Matrix products and recurrent cells.</param>
/// <param name="Other">Every other node, at one multiply-accumulate for each element of its outputs.</param>
public readonly record struct SegmentCost(ClassCost Conv, ClassCost MatMul, ClassCost Other)
{
    /// <summary>Multiply-accumulates of all classes.</summary>
    public double Macs => Conv.Macs + MatMul.Macs + Other.Macs;

    /// <summary>Nodes of all classes.</summary>
    public int Nodes => Conv.Nodes + MatMul.Nodes + Other.Nodes;

    /// <summary>The work of both.</summary>
    public static SegmentCost operator +(SegmentCost left, SegmentCost right) =>
        new(left.Conv + right.Conv, left.MatMul + right.MatMul, left.Other + right.Other);
}
