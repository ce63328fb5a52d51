namespace SplitInfer.Cli.Commands.Run;

/// <summary>Frames that the device had to do, for one kind of reason.</summary>
/// <param name="Reason">The kind in a word that stays what it is, such as <c>busy</c> or <c>unauthorized</c>.</param>
/// <param name="Frames">How many there were.</param>
/// <param name="Message">What the first of them was told, with what to do.</param>
internal sealed record FallbackLine(string Reason, int Frames, string Message)
{
    /// <summary>A line for each word, the most frequent first. People are told more kinds than there are words.</summary>
    public static FallbackLine[] Of(IEnumerable<(string Word, int Frames, string Message)> fallbacks) =>
        [.. fallbacks.GroupBy(static one => one.Word).Select(static same => new FallbackLine(same.Key, same.Sum(static one => one.Frames), same.First().Message)).OrderByDescending(static line => line.Frames)];
}
