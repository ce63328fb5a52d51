namespace SplitInfer.Dashboard.Tests.Browser;

/// <summary>A test that drives Chromium, and is skipped with a reason where that is not installed.</summary>
public sealed class BrowserFactAttribute : FactAttribute
{
    /// <summary>Where Debian puts it.</summary>
    public const string Path = "/usr/bin/chromium";

    public BrowserFactAttribute()
    {
        if (!File.Exists(Path)) Skip = $"Drives {Path}, which is not installed. On Debian: apt-get install chromium.";
    }
}
