using SplitInfer.Exits;
using SplitInfer.Tensors;
using SplitInfer.Testing.Exits;

namespace SplitInfer.Core.Tests.Exits;

public sealed class ExitHeadTests
{
    [Fact]
    public void An_exit_answers_as_one_by_the_book() => Sampled.Check(1, 300, random =>
    {
        var exits = RandomExits.Of(random);
        var exit = exits.Exits[random.Next(exits.Exits.Length)];
        var boundary = RandomExits.BoundaryOf(random, exit);
        var scores = new float[exits.Classes];
        var answer = new ExitHead(exits, exit).Evaluate(boundary, scores);
        var logits = NaiveExit.Logits(exits, exit, boundary);
        var probabilities = NaiveExit.Probabilities(logits);
        var tolerance = 1e-4 * (1 + logits.Max(Math.Abs));
        Assert.All(scores.Zip(exits.Scores == ExitScores.Logits ? logits : probabilities), pair => Assert.Equal(pair.Second, pair.First, tolerance));
        Assert.Equal(logits.Max(), logits[answer.Class], tolerance);
        Assert.Equal(probabilities[answer.Class], answer.Confidence, tolerance);
        Assert.Equal(answer.Confidence >= exit.Threshold, answer.IsExit);
        Release(boundary);
    });

    [Fact]
    public void What_is_nearly_certain_is_told_apart()
    {
        // Their probabilities differ by less than single precision can say near 1.
        var confidences = ((float[])[20, 25, 30]).Select(lead => Evaluate(Simple([lead, 0]), out _).Confidence).ToArray();
        Assert.True(confidences[0] < confidences[1] && confidences[1] < confidences[2] && confidences[2] < 1);
        Assert.Equal(1 - confidences[0], Math.Exp(-20), 1e-15);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void What_is_no_number_leaves_the_answer_to_the_model(float feature)
    {
        var exits = Simple([3, 0], threshold: 0);
        var answer = Evaluate(exits, out _, feature);
        Assert.Equal((0.0, false), (answer.Confidence, answer.IsExit));
        Assert.True(Evaluate(exits, out _).IsExit);
    }

    [Fact]
    public void A_boundary_of_another_size_type_or_number_is_refused()
    {
        var exits = Simple([1, 0]);
        var head = new ExitHead(exits, exits.Exits[0]);
        foreach (var tensor in (TensorValue[])[TensorValue.From<float>([1, 2], 2), TensorValue.From<double>([1], 1), TensorValue.From<float>([1], 1, 1)])
            Assert.Contains("splitinfer exits add", Assert.Throws<TensorMismatchException>(() => head.Evaluate([tensor], new float[2])).Message, StringComparison.Ordinal);
        Assert.Throws<TensorMismatchException>(() => head.Evaluate([], new float[2]));
        Assert.Throws<ArgumentException>(() => head.Evaluate([TensorValue.From<float>([1], 1)], new float[3]));
        Assert.Throws<ArgumentException>(() => new ExitHead(exits, exits.Exits[0] with { Weights = new float[3] }));
    }

    [Fact]
    public void An_evaluation_allocates_nothing()
    {
        var random = new Random(3);
        for (var turn = 0; turn < 20; turn++)
        {
            var exits = RandomExits.Of(random);
            var boundary = RandomExits.BoundaryOf(random, exits.Exits[0]);
            var (head, scores) = (new ExitHead(exits, exits.Exits[0]), new float[exits.Classes]);
            head.Evaluate(boundary, scores);
            // A collection takes arrays out of the pool, so the least of some is what an evaluation allocates.
            Assert.Equal(0, Enumerable.Range(0, 5).Min(_ =>
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                head.Evaluate(boundary, scores);
                return GC.GetAllocatedBytesForCurrentThread() - before;
            }));
            Release(boundary);
        }
    }

    /// <summary>An exit of two classes whose scores are given weights times one feature.</summary>
    private static ModelExits Simple(float[] weights, double threshold = 0.5)
    {
        var exits = RandomExits.Of(new(1));
        return exits with
        {
            Classes = 2, Scores = ExitScores.Logits,
            Exits =
            [
                exits.Exits[0] with
                {
                    Features = [new() { Place = 0, Name = "x", Type = ElementType.Float32, Shape = new(1), Pooling = ExitPooling.Flat }], Weights = weights, Biases = new float[2], Temperature = 1, Threshold = threshold,
                },
            ],
        };
    }

    private static ExitAnswer Evaluate(ModelExits exits, out float[] scores, float feature = 1)
    {
        using var tensor = TensorValue.From<float>([feature], 1);
        return new ExitHead(exits, exits.Exits[0]).Evaluate([tensor], scores = new float[2]);
    }

    private static void Release(TensorValue[] boundary)
    {
        foreach (var tensor in boundary) tensor.Dispose();
    }
}
