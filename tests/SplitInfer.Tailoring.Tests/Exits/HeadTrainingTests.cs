using SplitInfer.Tailoring.Exits;
using SplitInfer.Testing;

namespace SplitInfer.Tailoring.Tests.Exits;

public sealed class HeadTrainingTests
{
    [Fact]
    public void The_gradient_is_that_of_finite_differences() => Sampled.Check(1, 20, random =>
    {
        var (samples, features, classes) = (random.Next(1, 9), random.Next(1, 6), random.Next(2, 5));
        var (rows, targets) = Data(random, samples, features, classes);
        var objective = new SoftmaxObjective(rows, targets, penalty: 0.1, concurrency: 2);
        var (place, gradient, ignored) = (Numbers(random, objective.Count), new float[objective.Count], new float[objective.Count]);
        objective.Evaluate(place, gradient, CancellationToken.None);
        for (var i = 0; i < place.Length; i++)
        {
            const float Step = 1e-2f;
            var (above, below) = ((float[])[.. place], (float[])[.. place]);
            above[i] += Step;
            below[i] -= Step;
            Assert.Equal((objective.Evaluate(above, ignored, CancellationToken.None) - objective.Evaluate(below, ignored, CancellationToken.None)) / (2 * Step), gradient[i], 2e-3);
        }
    });

    [Fact]
    public void The_minimum_is_found_and_does_not_depend_on_threads() => Sampled.Check(2, 10, random =>
    {
        var (rows, targets) = Data(random, 40, 5, 3);
        var (one, many) = (Minimum(1), Minimum(4));
        Assert.Equal(one, many);
        var gradient = new float[one.Length];
        new SoftmaxObjective(rows, targets, 0.01, 1).Evaluate(one, gradient, CancellationToken.None);
        Assert.All(gradient, static slope => Assert.InRange(slope, -2e-3, 2e-3));

        float[] Minimum(int concurrency)
        {
            var objective = new SoftmaxObjective(rows, targets, 0.01, concurrency);
            var place = new float[objective.Count];
            LimitedMemoryBfgs.Minimize(place, 200, (at, slope) => objective.Evaluate(at, slope, CancellationToken.None));
            return place;
        }
    });

    [Theory]
    [InlineData(1)]
    [InlineData(0.1)]
    [InlineData(8)]
    public void The_temperature_by_which_scores_were_multiplied_is_found(double factor)
    {
        var random = new Random(1);
        var (scores, classes) = (new float[4000][], new int[4000]);
        for (var sample = 0; sample < scores.Length; sample++)
        {
            double[] logits = [.. Enumerable.Range(0, 4).Select(_ => 2 * RandomTensor.NextNormal(random))];
            // An answer is drawn with the probabilities that the scores stand for.
            var (draw, sum) = (random.NextDouble(), logits.Sum(Math.Exp));
            classes[sample] = Math.Min(3, logits.Select((_, place) => logits.Take(place + 1).Sum(Math.Exp) / sum).TakeWhile(part => part < draw).Count());
            scores[sample] = [.. logits.Select(logit => (float)(logit * factor))];
        }

        Assert.InRange(ConfidenceTemperature.Fit(scores, classes).Temperature / factor, 0.9, 1.1);
    }

    [Fact]
    public void A_head_over_scaled_features_is_folded_into_one_over_those_as_they_are() => Sampled.Check(3, 30, random =>
    {
        var table = new FeatureTable(20, 6);
        for (var sample = 0; sample < 20; sample++) Numbers(random, 6).Select(static (number, place) => place == 2 ? 5 : (number * 100) + 30).ToArray().CopyTo(table[sample], 0);
        int[] rows = [.. Enumerable.Range(0, 15)];
        var scale = table.ScaleOf(rows);
        var head = new LinearHead(Numbers(random, 18), Numbers(random, 3));
        var (scaled, plain) = (new float[3], new float[3]);
        foreach (var (row, sample) in table.Scaled(rows, scale).Zip(rows))
        {
            head.Score(row, scaled);
            scale.Fold(head).Score(table[sample], plain);
            Assert.All(scaled.Zip(plain), static pair => Assert.Equal(pair.First, pair.Second, 1e-4));
            Assert.Equal(0, row[2]);
        }
    });

    private static (float[][] Rows, float[][] Targets) Data(Random random, int samples, int features, int classes) =>
        ([.. Enumerable.Range(0, samples).Select(_ => Numbers(random, features))], [.. Enumerable.Range(0, samples).Select(_ =>
        {
            var weights = Enumerable.Range(0, classes).Select(_ => random.NextDouble()).ToArray();
            return weights.Select(weight => (float)(weight / weights.Sum())).ToArray();
        })]);

    private static float[] Numbers(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (float)RandomTensor.NextNormal(random))];
}
