using SplitInfer.Models.Onnx;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Partitioning;

public class RandomGraphTests
{
    private const int Graphs = 60;

    [Fact]
    public void Head_then_tail_equals_whole_at_every_admissible_cut() =>
        Sampled.Check(seed: 11, Graphs, random =>
        {
            var bytes = RandomDag.Build(random.Next()).ToBytes();

            Assert.NotEmpty(SplitRun.CheckEveryCut(bytes));
        });

    [Fact]
    public void The_plan_is_the_same_on_every_run() =>
        Sampled.Check(seed: 12, Graphs, random =>
        {
            var bytes = RandomDag.Build(random.Next()).ToBytes();

            var (first, second) = (SplitRun.Plan(bytes).Plan, SplitRun.Plan(bytes).Plan);

            Assert.Equal(first.Fingerprint, second.Fingerprint);
            Assert.Equal(first.Model, second.Model);
            Assert.Equal(first.Partitions.Select(Describe), second.Partitions.Select(Describe));
        });

    [Fact]
    public void A_cut_passes_what_it_must_and_nothing_else() =>
        Sampled.Check(seed: 13, Graphs, random =>
        {
            var bytes = RandomDag.Build(random.Next(), nodes: 10).ToBytes();
            var oracle = new Reachability(ModelProto.Parser.ParseFrom(bytes).Graph);
            if (oracle.IsBeyond) return;
            var compute = oracle.ComputeNodes().Select(static n => n.Output[0]).ToHashSet();
            var model = SplitRun.Plan(bytes);

            Assert.Equal(compute.Count + 1, model.Plan.Partitions.Length);
            foreach (var partition in model.Plan.Partitions.Where(static p => p.IsPossible))
            {
                var head = ModelProto.Parser.ParseFrom(model.Head(partition.Index).ToBytes()).Graph.Node.Select(static n => n.Output[0]).Where(compute.Contains).ToHashSet();
                Assert.Equal(partition.Index, head.Count);
                Assert.Equal(oracle.MustCross(head).Order(), partition.Boundary.Select(static b => b.Name).Order());
            }
        });

    [Fact]
    public void The_order_of_nodes_in_the_file_does_not_matter_for_the_result() =>
        Sampled.Check(seed: 14, 20, random =>
        {
            var model = RandomDag.Build(random.Next()).Build();
            NodeProto[] shuffled = [.. model.Graph.Node.OrderBy(_ => random.Next())];
            model.Graph.Node.Clear();
            model.Graph.Node.Add(shuffled);

            Assert.NotEmpty(SplitRun.CheckEveryCut(ModelBytes.Of(model)));
        });

    private static string Describe(SplitInfer.Partitioning.Partition p) =>
        $"{p.Index} {p.BoundaryBytes} {p.Head} {p.Tail} {p.InadmissibleReason} {p.IsArm} {string.Join(';', p.Boundary)} {string.Join(';', p.TailOutputs)}";
}
