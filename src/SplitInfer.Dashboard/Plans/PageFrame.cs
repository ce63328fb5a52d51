namespace SplitInfer.Dashboard.Plans;

/// <summary>The style sheet of pages that stand alone.</summary>
internal static class PageStyle
{
    public static string Read()
    {
        using var stream = typeof(PageStyle).Assembly.GetManifestResourceStream("assets/plan.css")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
