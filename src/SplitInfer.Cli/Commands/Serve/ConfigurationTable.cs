using Spectre.Console;
using SplitInfer.Cli.Output;
using SplitInfer.Server;

namespace SplitInfer.Cli.Commands.Serve;

/// <summary>One option of a server with its value.</summary>
/// <param name="Option">The name, as files have it.</param>
/// <param name="Value">The value, as files have it; where there is none, what holds then in a word, such as <c>all</c>, <c>automatic</c> or <c>none</c>.</param>
/// <param name="Source">Where the value comes from: <c>default</c>, <c>file</c>, <c>environment</c> or <c>commandLine</c>.</param>
/// <param name="Origin">The file, the variable or the option of the command line; null for defaults.</param>
/// <param name="Reload">Whether a running server takes up a change: <c>contents</c> of what the option names, or none before a <c>restart</c>.</param>
internal sealed record ConfigurationLine(string Option, string Value, string Source, string? Origin, string Reload);

/// <summary>Shows every option of a server with its value and where that comes from. Files with keys are named and not read.</summary>
internal static class ConfigurationTable
{
    private const int RoomBetweenColumns = 4;

    /// <summary>The options in a fixed order.</summary>
    /// <param name="server">The options of the server.</param>
    /// <param name="serve">Those of the command.</param>
    /// <param name="origins">Where they come from.</param>
    public static IEnumerable<ConfigurationLine> LinesOf(SplitInferServerOptions server, ServeSettings serve, SettingOrigins origins)
    {
        foreach (var setting in ServerSetting.All)
        {
            var (source, name) = origins.Of(setting.Name);
            yield return new(setting.Name, setting.ValueOf(server, serve), source, name, setting.Reload);
        }
    }

    /// <summary>Prints them.</summary>
    public static void Write(IEnumerable<ConfigurationLine> lines, Terminal terminal, bool isJson)
    {
        if (isJson)
        {
            var json = new JsonLines(terminal.Output);
            foreach (var line in lines) json.Write(line, LineContext.Default.ConfigurationLine);
            return;
        }

        string[] names = ["option", "value", "from", "while running"];
        string[][] rows = [.. lines.Select(static line => (string[])[line.Option, Plain(line.Value), Plain(line.Origin ?? line.Source), line.Reload == ServerSetting.ContentsAreReloaded ? "its contents are looked at again" : "needs a restart"])];
        var table = new Table().Border(TableBorder.Simple);
        foreach (var name in names) table.AddColumn(new TableColumn(name).NoWrap());
        foreach (var row in rows) table.AddRow([.. row.Select(Markup.Escape)]);
        // A name that is cut cannot be copied; a line that is too long for a terminal is wrapped by it.
        var width = names.Select((name, i) => rows.Select(row => row[i].Length).Append(name.Length).Max() + RoomBetweenColumns).Sum();
        terminal.Tables.Profile.Width = Math.Max(terminal.Tables.Profile.Width, width);
        terminal.Tables.Write(table);
    }

    // A file may be somebody else's, and must not write to the terminal whatever it likes.
    private static string Plain(string text) => PlainWriter.Of(text).ReplaceLineEndings(" ");
}
