namespace SplitInfer.Exits;

/// <summary>What an exit makes of a boundary.</summary>
/// <param name="Class">The class with the highest score; of equal ones the lowest.</param>
/// <param name="Confidence">Its probability, 0 to 1; 0 where a score is no number.</param>
/// <param name="IsExit">Whether that is enough to answer.</param>
public readonly record struct ExitAnswer(int Class, double Confidence, bool IsExit);
