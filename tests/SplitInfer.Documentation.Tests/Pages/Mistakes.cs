namespace SplitInfer.Documentation.Pages;

/// <summary>What is wrong with the pages, told in full.</summary>
internal static class Mistakes
{
    /// <summary>Fails with all of them, a line each, where there are any.</summary>
    public static void AssertNone(IEnumerable<string> mistakes)
    {
        string[] all = [.. mistakes];
        Assert.True(all.Length == 0, string.Join('\n', all));
    }
}
