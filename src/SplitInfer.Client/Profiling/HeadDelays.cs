namespace SplitInfer.Client.Profiling;

/// <summary>What a <see cref="HeadProfile"/> knew at one moment. Neither array changes afterwards.</summary>
/// <param name="Seconds">Delay of the head of every partition.</param>
/// <param name="IsMeasured">Which of them were measured rather than interpolated.</param>
internal sealed record HeadDelays(double[] Seconds, bool[] IsMeasured);
