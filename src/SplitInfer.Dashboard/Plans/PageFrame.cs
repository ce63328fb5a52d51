using System.Net;

namespace SplitInfer.Dashboard.Plans;

/// <summary>What pages that stand alone have around their sections.</summary>
internal static class PageFrame
{
    /// <summary>Writes a page that loads nothing and runs nothing.</summary>
    /// <param name="output">Where.</param>
    /// <param name="name">What the page is about; encoded as it is written.</param>
    /// <param name="kind">What it shows, such as <c>plan</c>.</param>
    /// <param name="summary">The line below the heading, in HTML.</param>
    /// <param name="sections">Writes the sections, in HTML.</param>
    public static void Write(TextWriter output, string name, string kind, string summary, Action sections)
    {
        var title = WebUtility.HtmlEncode(name);
        output.Write(
            $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <title>{title} – {kind}</title>
            <style>
            {ReadStyle()}
            </style>
            </head>
            <body class="plan-page">
            <main>
            <h1>{title}</h1>
            <p class="muted">{summary}</p>

            """);
        sections();
        output.Write(
            """
            </main>
            </body>
            </html>

            """);
    }

    private static string ReadStyle()
    {
        using var stream = typeof(PageFrame).Assembly.GetManifestResourceStream("assets/plan.css")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
