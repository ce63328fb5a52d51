namespace SplitInfer.Cli.Commands.Evaluate;

/// <summary>Tells a progress bar of each step that has ended.</summary>
internal sealed class EachStep(Action step) : IProgress<int>
{
    public void Report(int value) => step();
}
