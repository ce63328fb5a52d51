namespace SplitInfer.Cli.Benchmarks;

/// <summary>One line of <c>bench plan</c>.</summary>
/// <param name="Graph"><c>chain</c>, in which each node reads the one before it, or <c>dense</c>, in which each reads all before it.</param>
/// <param name="Nodes">Its nodes.</param>
/// <param name="Edges">The values that all of them read.</param>
/// <param name="FileBytes">Bytes of the file.</param>
/// <param name="ReadMs">Milliseconds for reading and checking the file, which is in memory.</param>
/// <param name="PlanMs">Milliseconds for planning it.</param>
/// <param name="TotalMs">Both.</param>
/// <param name="CpuMs">Processor time of both, over all threads; less than the total where others use the processors too.</param>
/// <param name="Partitions">Partitions of the plan.</param>
/// <param name="Fingerprint">The plan's fingerprint.</param>
internal sealed record PlanRow(string Graph, int Nodes, long Edges, long FileBytes, double ReadMs, double PlanMs, double TotalMs, double CpuMs, int Partitions, string Fingerprint);
