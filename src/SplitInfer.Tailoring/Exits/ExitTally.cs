using SplitInfer.Tailoring.Evaluation;

namespace SplitInfer.Tailoring.Exits;

/// <summary>Counts where samples left, and with what answer.</summary>
/// <param name="partitions">The partitions of the exits.</param>
internal sealed class ExitTally(int[] partitions)
{
    private readonly int[] _left = new int[partitions.Length + 1], _agreeing = new int[partitions.Length + 1], _right = new int[partitions.Length + 1];
    private readonly double[] _ms = new double[partitions.Length + 1];
    private bool _hasLabels;
    private int _fullRight;
    private double _fullMs;

    /// <summary>Adds a sample.</summary>
    /// <param name="exit">Where it left; one more than the last exit for the end.</param>
    /// <param name="isAgreeing">Whether the answer is that of the model.</param>
    /// <param name="right">Whether it is right, and that of the model; null where that is not known.</param>
    /// <param name="ms">Time until the answer.</param>
    /// <param name="fullMs">Time of the model.</param>
    public void Add(int exit, bool isAgreeing, (bool Early, bool Full)? right, double ms, double fullMs)
    {
        _left[exit]++;
        if (isAgreeing) _agreeing[exit]++;
        _ms[exit] += ms;
        _fullMs += fullMs;
        if (right is not { } known) return;
        _hasLabels = true;
        if (known.Early) _right[exit]++;
        if (known.Full) _fullRight++;
    }

    /// <summary>What was counted.</summary>
    public ExitTestReport Report()
    {
        var (samples, agreeing) = (_left.Sum(), _agreeing.Sum());
        double all = samples;
        return new()
        {
            Samples = samples,
            ExitRate = _left.SkipLast(1).Sum() / all,
            Agreement = agreeing / all,
            AgreementLow = BinomialBound.Lower(agreeing, samples),
            Accuracy = _hasLabels ? _right.Sum() / all : null,
            FullAccuracy = _hasLabels ? _fullRight / all : null,
            MeanMs = _ms.Sum() / all,
            FullMs = _fullMs / all,
            Rows = [.. _left.Select((left, place) => new ExitTestRow(
                place < partitions.Length ? partitions[place] : null, left / all, left > 0 ? (double)_agreeing[place] / left : null, left > 0 && _hasLabels ? (double)_right[place] / left : null, left > 0 ? _ms[place] / left : null))],
        };
    }
}
