namespace SplitInfer.Dashboard.Pages;

/// <summary>A point of a chart, which finds the properties by name.</summary>
/// <param name="Ago">When it was, s; 0 is now and what is before it is less.</param>
/// <param name="Value">What it was.</param>
internal sealed record ChartPoint(double Ago, double Value);
