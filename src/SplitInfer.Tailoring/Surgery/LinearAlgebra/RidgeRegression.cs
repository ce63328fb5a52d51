using System.Numerics.Tensors;

namespace SplitInfer.Tailoring.Surgery.LinearAlgebra;

/// <summary>
/// Changes weights W₀ and bias so that they give targets y of inputs x as well as can be: the least Σ‖y − W·x − b‖² + λ‖W − W₀‖², which is
/// W = W₀ + Σ(y − W₀·x)·xᵀ·(Σx·xᵀ + λI)⁻¹ with a 1 behind each x for the bias. λ is a share of the mean square of an input. Not thread-safe.
/// </summary>
internal sealed class RidgeRegression
{
    private const int Batch = 1024;
    private const double Share = 1e-3;

    private readonly float[][] _weights;
    private readonly float[][] _inputs;
    private readonly float[][] _errors;
    private readonly double[][] _gram;
    private readonly double[][] _products;
    private int _pending;
    private long _rows;

    /// <summary>Starts with given weights.</summary>
    /// <param name="weights">By output: a weight for each input, then the bias.</param>
    public RidgeRegression(float[][] weights)
    {
        _weights = weights;
        var width = weights[0].Length;
        _inputs = [.. Enumerable.Range(0, width).Select(static _ => new float[Batch])];
        _errors = [.. weights.Select(static _ => new float[Batch])];
        _gram = [.. Enumerable.Range(0, width).Select(static row => new double[row + 1])];
        _products = [.. weights.Select(_ => new double[width])];
    }

    /// <summary>Number of inputs, without that of the bias.</summary>
    public int Inputs => _inputs.Length - 1;

    /// <summary>Adds a pair.</summary>
    /// <param name="write">Writes the inputs and the targets, each element through a function of its place.</param>
    public void Add(PairWriter write)
    {
        write(_inputs, _errors, _pending);
        _inputs[^1][_pending] = 1;
        _rows++;
        if (++_pending == Batch) Flush();
    }

    /// <summary>Writes a pair: inputs[i][place] and targets[o][place].</summary>
    public delegate void PairWriter(float[][] inputs, float[][] targets, int place);

    /// <summary>The changed weights and bias by output; those that were given if the pairs do not determine others.</summary>
    public float[][] Solve(CancellationToken cancellationToken)
    {
        Flush();
        if (_rows == 0) return _weights;
        var mean = Enumerable.Range(0, Inputs).Sum(i => _gram[i][i]) / Math.Max(1, Inputs);
        for (var i = 0; i < Inputs; i++) _gram[i][i] += (Share * mean) + double.Epsilon;
        _gram[^1][^1] *= 1 + 1e-9;
        if (Cholesky.Of(_gram, cancellationToken) is not { } factor) return _weights;
        var solved = new float[_weights.Length][];
        Parallel.For(0, solved.Length, output =>
        {
            factor.Solve(_products[output]);
            solved[output] = [.. _weights[output].Select((weight, place) => (float)(weight + _products[output][place]))];
        });
        return solved;
    }

    private void Flush()
    {
        var count = _pending;
        _pending = 0;
        if (count == 0) return;
        Parallel.For(0, _errors.Length, output =>
        {
            var error = _errors[output].AsSpan(0, count);
            for (var i = 0; i < _inputs.Length; i++) TensorPrimitives.MultiplyAdd(_inputs[i].AsSpan(0, count), -_weights[output][i], error, error);
            for (var i = 0; i < _inputs.Length; i++) _products[output][i] += TensorPrimitives.Dot<float>(error, _inputs[i].AsSpan(0, count));
        });
        Parallel.For(0, _inputs.Length, row =>
        {
            for (var column = 0; column <= row; column++) _gram[row][column] += TensorPrimitives.Dot<float>(_inputs[row].AsSpan(0, count), _inputs[column].AsSpan(0, count));
        });
    }
}
