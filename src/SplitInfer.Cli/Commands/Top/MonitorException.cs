namespace SplitInfer.Cli.Commands.Top;

/// <summary>A server shows nothing of itself; the message says what to do.</summary>
/// <param name="message">Why.</param>
/// <param name="isPassing">Whether it may end by itself, so that trying again makes sense.</param>
internal sealed class MonitorException(string message, bool isPassing) : SplitInferException(message)
{
    /// <summary>Whether it may end by itself, so that trying again makes sense.</summary>
    public bool IsPassing => isPassing;
}
