namespace SplitInfer.Server.Models;

/// <summary>A model of a repository that is not served.</summary>
/// <param name="Name">The name of its folder.</param>
/// <param name="Version">Its version; empty where the folder of the name is refused.</param>
/// <param name="Reason">Why, and what to do.</param>
internal sealed record ModelRefusal(string Name, string Version, string Reason)
{
    /// <summary>Whether it is served all the same though it is gone.</summary>
    public bool IsOfGone { get; init; }

    /// <summary>Why it was not served as it lay there before it was gone; null where it was, or where it is not gone.</summary>
    public ModelRefusal? Former { get; init; }

    /// <summary>What it failed with; null where nothing was tried.</summary>
    public Exception? Error { get; init; }
}
