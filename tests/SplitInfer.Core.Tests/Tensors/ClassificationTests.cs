using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Tensors;

public sealed class ClassificationTests
{
    [Fact]
    public void Softmax_is_that_of_double_precision() => Sampled.Check(seed: 41, count: 200, random =>
    {
        var (rows, classes) = (random.Next(1, 4), random.Next(1, 300));
        using var scores = RandomTensor.Uniform(random, ElementType.Float32, mean: random.Next(-200, 200), deviation: random.Next(1, 40), rows, classes);
        using var softmax = scores.Softmax();
        Assert.Equal(scores.Shape, softmax.Shape);
        for (var row = 0; row < rows; row++)
        {
            var given = scores.Span<float>().Slice(row * classes, classes).ToArray();
            var largest = given.Max();
            double[] powers = [.. given.Select(score => Math.Exp((double)score - largest))];
            var sum = powers.Sum();
            for (var index = 0; index < classes; index++)
                Assert.Equal(powers[index] / sum, softmax.Span<float>()[(row * classes) + index], 1e-5);
        }
    });

    [Fact]
    public void Softmax_of_huge_scores_does_not_overflow()
    {
        using var scores = TensorValue.From<float>([float.MaxValue, 0, float.MaxValue, float.NegativeInfinity], 1, 4);
        using var softmax = scores.Softmax();
        Assert.Equal<float>([0.5f, 0, 0.5f, 0], softmax.Span<float>().ToArray());
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Softmax_of_what_is_no_number_is_none_in_that_row_alone(float odd)
    {
        using var scores = TensorValue.From<float>([odd, 1, 2, 2], 2, 2);
        using var softmax = scores.Softmax();
        Assert.True(float.IsNaN(softmax.Span<float>()[1]));
        Assert.Equal(0.5f, softmax.Span<float>()[2]);
    }

    [Fact]
    public void TopK_is_the_front_of_a_stable_sort() => Sampled.Check(seed: 42, count: 400, random =>
    {
        // Few distinct values, so that many are equal; now and then one that is no number.
        var length = random.Next(1, 700);
        var values = new float[length];
        foreach (ref var value in values.AsSpan())
            value = random.Next(60) switch { 0 => float.NaN, 1 => float.NegativeInfinity, 2 => float.PositiveInfinity, 3 => -0f, _ => random.Next(-100, 100) };
        var count = random.Next(1, length + 10);
        using var scores = TensorValue.From<float>(values, 1, length);
        ClassScore[] expected = [.. values.Select(static (score, index) => new ClassScore(index, score)).OrderByDescending(static c => c.Score).ThenBy(static c => c.Index).Take(count)];
        Assert.Equal(expected, scores.TopK(count).AsEnumerable());
    });

    [Fact]
    public void TopK_of_a_row_is_that_of_the_row_alone() => Sampled.Check(seed: 43, count: 50, random =>
    {
        var (rows, classes) = (random.Next(1, 5), random.Next(1, 100));
        using var scores = RandomTensor.Normal(random, ElementType.Float32, rows, classes);
        var row = random.Next(rows);
        using var alone = TensorValue.From<float>(scores.Span<float>().Slice(row * classes, classes), classes);
        Assert.Equal(alone.TopK(5).AsEnumerable(), scores.TopK(5, row).AsEnumerable());
    });

    [Fact]
    public void The_classes_of_a_convolutional_classifier_are_its_channels()
    {
        using var scores = TensorValue.From<float>([1, 3, 2, 5, 4, 6], 2, 3, 1, 1);
        Assert.Equal([new ClassScore(1, 3)], scores.TopK(1, 0).AsEnumerable());
        Assert.Equal([new ClassScore(2, 6), new ClassScore(0, 5)], scores.TopK(2, 1).AsEnumerable());
        using var softmax = scores.Softmax();
        Assert.Equal(1, softmax.Span<float>()[..3].ToArray().Sum(), 1e-6);
    }

    [Fact]
    public void Other_tensors_are_refused_with_what_is_taken()
    {
        using var whole = TensorValue.From<long>([1, 2, 3], 1, 3);
        using var text = TensorValue.From(["cat"], new(1));
        using var scalar = TensorValue.From<float>([1]);
        foreach (var tensor in (TensorValue[])[whole, text, scalar])
        {
            foreach (var error in (TensorMismatchException[])[Assert.Throws<TensorMismatchException>(tensor.Softmax), Assert.Throws<TensorMismatchException>(() => tensor.TopK(1))])
                Assert.Contains(tensor.ToString(), error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_batch_needs_the_row_named()
    {
        using var batch = TensorValue.From<float>([1, 2, 3, 4, 5, 6], 2, 3);
        Assert.Contains("2 of 3", Assert.Throws<TensorMismatchException>(() => batch.TopK(1)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.TopK(1, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.TopK(1, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.TopK(0, 0));
    }

    [Fact]
    public void Empty_tensors_have_no_classes()
    {
        using var none = TensorValue.From<float>([], 1, 0);
        using var softmax = none.Softmax();
        Assert.Equal(none.Shape, softmax.Shape);
        Assert.Empty(none.TopK(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => none.TopK(1, 0));
        using var batch = TensorValue.From<float>([], 0, 3);
        using var softmaxes = batch.Softmax();
        Assert.Equal(batch.Shape, softmaxes.Shape);
        Assert.Throws<TensorMismatchException>(() => batch.TopK(1));
    }
}
