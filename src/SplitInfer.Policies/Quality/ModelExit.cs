namespace SplitInfer.Policies.Quality;

/// <summary>An exit of a model.</summary>
/// <param name="Seconds">What a run from the start to its answer takes, s.</param>
/// <param name="Accuracy">Accuracy of its answers, 0 to 1.</param>
public readonly record struct ModelExit(double Seconds, double Accuracy);
