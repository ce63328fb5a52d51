using SplitInfer.Client;
using SplitInfer.Codecs;
using SplitInfer.Policies;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>NaN, infinities and the largest numbers across the cut in every codec: what is no number there is none here, and what is one stays as exact as the codec says.</summary>
public class NonFiniteInputTests
{
    private const int Channels = 8, Size = 12;

    public static TheoryData<string> Codecs => [.. CodecRegistry.Default.Names];

    [Theory]
    [MemberData(nameof(Codecs))]
    public async Task The_result_is_that_of_the_device(string codec)
    {
        await using var deployment = await Deployment.StartAsync(Model());
        await using var client = await deployment.ConnectAsync(options => (options.Policy, options.Codec, options.Races, options.OnServerFailure) = (PolicyNames.AllOnServer, codec, false, OnServerFailure.Throw));
        await using var alone = await deployment.ConnectAsync(static options => options.Server = null);
        foreach (var special in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, -float.MaxValue, float.Epsilon])
        {
            foreach (var partition in client.Plan.Partitions.Where(static one => one is { IsAdmissible: true, Boundary.IsEmpty: false, TailOutputs.IsEmpty: false }))
            {
                using var input = Input(special);
                using var expected = await alone.InferAsync(input);
                using var result = await client.InferAsync(input, new() { Partition = partition.Index });
                Assert.Null(result.ServerFailure);
                Compare(expected.Outputs[0], result.Outputs[0], $"{special} at partition {partition.Index} from {result.Source}");
                Assert.Equal(!float.IsFinite(special), result.HasNonFiniteOutputs);
            }
        }
    }

    private static void Compare(TensorValue expected, TensorValue result, string which)
    {
        // Where one number is huge, a codec with steps has none for the others, as it says; but every number stays one.
        for (var i = 0; i < expected.Span<float>().Length; i++)
        {
            var (due, got) = (expected.Span<float>()[i], result.Span<float>()[i]);
            Assert.True(float.IsNaN(due) == float.IsNaN(got) && float.IsInfinity(due) == float.IsInfinity(got), $"{which}: element {i} is {got} instead of {due}");
            if (float.IsInfinity(due)) Assert.Equal(due, got);
        }
    }

    private static TensorValue Input(float special)
    {
        using var values = RandomTensor.Normal(new Random(1), ElementType.Float32, [1, Channels, Size, Size]);
        var copy = TensorValue.From<float>(values.Span<float>().ToArray(), 1, Channels, Size, Size);
        foreach (var place in (int[])[0, 77, copy.Span<float>().Length - 1]) copy.Span<float>()[place] = special;
        return copy;
    }

    /// <summary>Each output depends on one input, so that what is no number stays where it is.</summary>
    private static byte[] Model()
    {
        var g = new GraphBuilder();
        g.Output(g.Node("Neg", [g.Node("Identity", [g.Node("Neg", [g.Input("x", ElementType.Float32, 1, Channels, Size, Size)])])]), "y");
        return g.ToBytes();
    }
}
