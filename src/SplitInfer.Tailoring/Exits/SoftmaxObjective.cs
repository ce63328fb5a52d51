using System.Numerics.Tensors;

namespace SplitInfer.Tailoring.Exits;

/// <summary>
/// How far a linear head is from the probabilities that it is taught: the mean divergence of Kullback and Leibler over samples, and half the squared weights times a penalty.
/// Samples are divided into a fixed number of shards, so that sums are the same however many threads there are.
/// </summary>
/// <param name="rows">Features of each sample.</param>
/// <param name="targets">Probabilities of each.</param>
/// <param name="penalty">The penalty.</param>
/// <param name="concurrency">How many threads.</param>
internal sealed class SoftmaxObjective(float[][] rows, float[][] targets, double penalty, int concurrency)
{
    private const int Shards = 4;

    // Multiplications that take less time than waking another thread.
    private const double LeastToShare = 1e6;

    // Of a residual that is smaller nothing is left in the sum.
    private const float Negligible = 1e-8f;

    private readonly int _features = rows[0].Length, _classes = targets[0].Length;
    private readonly float[][] _gradients = [.. Enumerable.Range(0, Shards).Select(_ => new float[(rows[0].Length + 1) * targets[0].Length])];
    private readonly double[] _losses = new double[Shards];

    // What no head can go below, so that a loss says how much there is to gain.
    private readonly double _leastLoss = targets.Average(static target => -target.Sum(static share => share > 0 ? share * Math.Log(share) : 0));

    /// <summary>Number of parameters: weights, then biases.</summary>
    public int Count => (_features + 1) * _classes;

    /// <summary>The value and its gradient.</summary>
    public double Evaluate(float[] parameters, float[] gradient, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if ((double)rows.Length * Count < LeastToShare) for (var shard = 0; shard < Shards; shard++) Add(parameters, shard);
        else Parallel.For(0, Shards, new() { MaxDegreeOfParallelism = concurrency, CancellationToken = cancellationToken }, shard => Add(parameters, shard));
        _gradients[0].CopyTo(gradient, 0);
        for (var shard = 1; shard < Shards; shard++) TensorPrimitives.Add(gradient, _gradients[shard], gradient);
        TensorPrimitives.Divide(gradient, rows.Length, gradient);
        var weights = parameters.AsSpan(0, _features * _classes);
        TensorPrimitives.MultiplyAdd(weights, (float)penalty, gradient.AsSpan(0, weights.Length), gradient.AsSpan(0, weights.Length));
        return (_losses.Sum() / rows.Length) - _leastLoss + (penalty / 2 * TensorPrimitives.SumOfSquares<float>(weights));
    }

    private void Add(float[] parameters, int shard)
    {
        var (gradient, scores, loss) = (_gradients[shard], new float[_classes], 0.0);
        Array.Clear(gradient);
        var (first, end) = ((int)((long)rows.Length * shard / Shards), (int)((long)rows.Length * (shard + 1) / Shards));
        for (var sample = first; sample < end; sample++)
        {
            var (row, target) = (rows[sample], targets[sample]);
            for (var place = 0; place < _classes; place++) scores[place] = TensorPrimitives.Dot(parameters.AsSpan(place * _features, _features), row) + parameters[(_classes * _features) + place];
            var highest = TensorPrimitives.Max<float>(scores);
            TensorPrimitives.Subtract(scores, highest, scores);
            var aimed = TensorPrimitives.Dot<float>(scores, target);
            TensorPrimitives.Exp<float>(scores, scores);
            var sum = TensorPrimitives.Sum<float>(scores);
            loss += Math.Log(sum) - aimed;
            TensorPrimitives.Divide(scores, sum, scores);
            TensorPrimitives.Subtract(scores, target, scores);
            for (var place = 0; place < _classes; place++)
            {
                var residual = scores[place];
                if (Math.Abs(residual) < Negligible) continue;
                var slice = gradient.AsSpan(place * _features, _features);
                TensorPrimitives.MultiplyAdd(row, residual, slice, slice);
                gradient[(_classes * _features) + place] += residual;
            }
        }

        _losses[shard] = loss;
    }
}
