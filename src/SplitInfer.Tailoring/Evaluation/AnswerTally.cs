using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Evaluation;

/// <summary>Counts how the answers of a model compare with those of another one, sample by sample. Not thread-safe.</summary>
internal sealed class AnswerTally(EvaluationOptions options)
{
    private int _sameClass, _alike, _right;
    private bool _areRows = true;
    private double _cosines;

    /// <summary>Samples so far.</summary>
    public int Samples { get; private set; }

    /// <summary>Samples with the result of the model compared with.</summary>
    public int Agreeing => options.Agreement switch
    {
        AgreementKind.Classes => _sameClass,
        AgreementKind.Outputs => _alike,
        _ => options.Labels is not null || _areRows ? _sameClass : _alike,
    };

    /// <summary>Samples whose class is the right one; null without labels.</summary>
    public int? Right => options.Labels is null ? null : _right;

    /// <summary>The mean cosine.</summary>
    public double Cosine => _cosines / Samples;

    /// <summary>Adds a sample.</summary>
    /// <exception cref="TensorMismatchException">Its label is no class of the model, or the model has no classes.</exception>
    public void Add(AnswerComparison comparison)
    {
        if (options.Labels is { } labels)
        {
            if (!comparison.HasScores) throw new TensorMismatchException("Labels say which class is right, and the first output of the model is no row of scores. Leave the labels out: agreement needs none.");
            var label = labels[Samples];
            if (label < 0 || label >= comparison.Classes) throw new TensorMismatchException($"The label {label} of sample {Samples + 1} is none of the {comparison.Classes} classes of the model; labels begin at 0.");
            if (label == comparison.Class) _right++;
        }

        _areRows &= comparison.IsOneRow;
        if (comparison.IsSameClass) _sameClass++;
        if (comparison.Likeness >= options.AgreeingLikeness) _alike++;
        _cosines += comparison.Cosine;
        Samples++;
    }
}
