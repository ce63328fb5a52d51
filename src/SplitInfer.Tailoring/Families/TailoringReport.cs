namespace SplitInfer.Tailoring.Families;

/// <summary>Tells what is being done for a family.</summary>
internal sealed class TailoringReport(IProgress<TailoringProgress>? progress)
{
    /// <summary>Says what begins.</summary>
    public void Say(string what) => Say(what, 0, 1);

    /// <summary>Says how far something is.</summary>
    public void Say(string what, int done, int steps) => progress?.Report(new(what, done, steps));

    /// <summary>Receives the number of steps of something that have ended.</summary>
    public IProgress<int> Counting(string what, int steps) => new Counter(this, what, steps);

    private sealed class Counter(TailoringReport report, string what, int steps) : IProgress<int>
    {
        public void Report(int value) => report.Say(what, value, steps);
    }
}

/// <summary>What is being done for a family.</summary>
/// <param name="What">What it is, in words for people.</param>
/// <param name="Done">Steps of it that have ended.</param>
/// <param name="Steps">Of how many.</param>
public readonly record struct TailoringProgress(string What, int Done, int Steps);
