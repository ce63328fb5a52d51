namespace SplitInfer.Policies.Learning;

/// <summary>Expected delay of a link and its uncertainty.</summary>
/// <param name="Fixed">What a request takes however few bits it sends, s.</param>
/// <param name="SecondsPerBit">What each bit adds, s.</param>
/// <param name="FixedVariance">Variance of the first.</param>
/// <param name="CrossVariance">Covariance of the two.</param>
/// <param name="SlopeVariance">Variance of the second.</param>
internal readonly record struct LinkDelay(double Fixed, double SecondsPerBit, double FixedVariance, double CrossVariance, double SlopeVariance)
{
    /// <summary>Expected delay of a request, s.</summary>
    public double Mean(double bits) => Fixed + (SecondsPerBit * bits);

    /// <summary>Covariance of the delays of two requests, s².</summary>
    public double Covariance(double bits, double otherBits) =>
        FixedVariance + ((bits + otherBits) * CrossVariance) + (bits * otherBits * SlopeVariance);

    /// <summary>The same link if each bit took only this share of the time, without uncertainty.</summary>
    public LinkDelay WithTransferShare(double part) => new(Fixed, part * SecondsPerBit, 0, 0, 0);
}
