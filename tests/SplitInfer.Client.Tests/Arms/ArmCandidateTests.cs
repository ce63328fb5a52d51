using FsCheck;
using FsCheck.Fluent;
using SplitInfer.Client.Arms;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Client.Tests.Arms;

/// <summary>Whoever is left out of the arms must be missed nowhere.</summary>
public class ArmCandidateTests
{
    /// <summary>Worlds between and beyond those that pruning looks at; the best arm may cost a little more than the best candidate.</summary>
    [Fact]
    public void Some_arm_is_nearly_as_fast_as_the_fastest_candidate_in_any_world()
    {
        var property = Prop.ForAll(
            Gen.Choose(0, int.MaxValue - 1).ToArbitrary(),
            seed =>
            {
                var random = new Random(seed);
                var (partitions, candidates) = Draw(random);
                var arms = ArmCandidate.Prune(candidates, [new([.. partitions])]);
                var device = 0.3e9 * Math.Pow(300, random.NextDouble());
                var (server, bandwidth) = (device * 0.5 * Math.Pow(60, random.NextDouble()), 0.5e6 * Math.Pow(2000, random.NextDouble()));
                var missed = (arms.Min(Cost) / candidates.Min(Cost)) - 1;
                return arms.Count is > 0 and <= ArmCandidate.MaxArms && missed <= 0.25;

                double Cost(ArmCandidate c) => (Work(c.Partition.Head) / device) + (c.EncodeSeconds * 50e9 / device) + (c.PayloadBits / bandwidth)
                    + (c.DecodeSeconds * 50e9 / server) + (Work(c.Partition.Tail) / server);
            });
        Check.One(Config.QuickThrowOnFailure.WithReplay(3, 1).WithMaxTest(200), property);
    }

    [Fact]
    public void What_is_slower_everywhere_is_no_arm()
    {
        var (partitions, candidates) = Draw(new Random(5));
        var slow = candidates.Select(static c => c with { Codec = "slow", PayloadBits = c.PayloadBits * 1.01, EncodeSeconds = c.EncodeSeconds + 1e-3 });
        Assert.DoesNotContain(ArmCandidate.Prune([.. slow, .. candidates], [new([.. partitions])]), static c => c.Codec == "slow");
    }

    [Fact]
    public void Arms_are_in_the_order_of_their_partitions()
    {
        var (partitions, candidates) = Draw(new Random(9));
        int[] order = [.. ArmCandidate.Prune(candidates, [new([.. partitions])]).Select(static c => c.Partition.Index)];
        Assert.Equal(order.Order(), order);
    }

    [Fact]
    public void A_lossless_codec_is_assumed_of_use_where_it_suits_what_crosses()
    {
        var codecs = CodecRegistry.Default.With(new WholeCodec());
        Assert.Equal([true, false], ((long[])[3, 64]).Select(channels => AssumedCodecCosts.Of(Crossed(channels), codecs).Any(static candidate => candidate.Codec == "Whole")));

        static Partition Crossed(long channels)
        {
            var some = PartitionAt(1, 2, 1, 1);
            return new()
            {
                Index = 1,
                Boundary = [new("x", ElementType.Float32, Dimension.Fixed(1), Dimension.Fixed(channels), Dimension.Fixed(8), Dimension.Fixed(8))],
                TailOutputs = [],
                BoundaryBytes = channels * 256,
                Head = some.Head,
                Tail = some.Tail,
                InadmissibleReason = null,
                IsArm = true,
            };
        }
    }

    private static (Partition[] Partitions, List<ArmCandidate> Candidates) Draw(Random random)
    {
        var count = random.Next(2, 30);
        var macs = Enumerable.Range(0, count).Select(_ => 1e6 * Math.Pow(300, random.NextDouble())).ToArray();
        Partition[] partitions = [.. Enumerable.Range(0, count + 1).Select(cut => PartitionAt(cut, count, macs[..cut].Sum(), macs[cut..].Sum()))];
        return (partitions, [.. partitions[..count].SelectMany(partition =>
        {
            var bytes = 1e4 * Math.Pow(300, random.NextDouble());
            return Enumerable.Range(0, random.Next(1, 6)).Select(codec => new ArmCandidate(
                partition, $"codec{codec}", bytes * 8 / Math.Pow(20, random.NextDouble()), bytes / (1e9 * Math.Pow(20, random.NextDouble())), bytes / (1e9 * Math.Pow(20, random.NextDouble()))));
        })]);
    }

    private static Partition PartitionAt(int cut, int count, double head, double tail) => new()
    {
        Index = cut,
        Boundary = [],
        TailOutputs = [],
        BoundaryBytes = 0,
        Head = new(new(head, cut), default, default),
        Tail = new(new(tail, count - cut), default, default),
        InadmissibleReason = null,
        IsArm = true,
    };

    private static double Work(SegmentCost segment) => segment.Macs + (50e3 * segment.Nodes);
}
