namespace SplitInfer.Execution;

/// <summary>Which part of the model a segment is.</summary>
internal enum SegmentSide
{
    Head,
    Tail,
}

/// <summary>Names one segment of a model: the head or the tail of a partition. The whole model is the head of the last one.</summary>
internal readonly record struct SegmentKey(SegmentSide Side, int Partition);
