using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;
using SplitInfer.Cli.Output;

namespace SplitInfer.Cli.Commands.Top;

/// <summary>A server and its clients at one moment, for people. Names are others' words: they are made plain and cut, and never read as markup.</summary>
/// <param name="server">What the server is called.</param>
/// <param name="order">By what clients are sorted.</param>
/// <param name="width">Columns of the terminal.</param>
internal sealed class TopTable(string server, string order, int width)
{
    private const string Unknown = "–";
    private const int NarrowWidth = 80;

    // Of the columns with numbers and the gaps between all of them: what is left is for names and the bar.
    private const int NumbersWidth = 46;

    private readonly int _client = Math.Min(30, 14 + WiderBy(width) / 4), _model = Math.Min(24, 8 + WiderBy(width) / 4), _codec = Math.Min(16, 6 + WiderBy(width) / 6);

    private static int WiderBy(int width) => Math.Max(0, width - NarrowWidth);

    private int BarWidth => Math.Clamp(width - NumbersWidth - _client - _model - _codec, 4, 40);

    /// <summary>What is shown.</summary>
    /// <param name="sample">The server now.</param>
    /// <param name="rates">What went on since the sample before.</param>
    /// <param name="maxClients">Clients that get a line; the others are counted.</param>
    public IRenderable Of(MonitorSample sample, Rates rates, int maxClients = int.MaxValue)
    {
        var table = new Table().NoBorder();
        foreach (var (title, size, isNumber) in ((string, int, bool)[])[("client", _client, false), ("model", _model, false), ("req/s", 6, true), ("link", 9, true), ("rtt", 7, true), ("cut", 3, true), ("codec", _codec, false), ("delay", 7, true), ("stages", BarWidth, false), ("dev", 4, true)])
        {
            var column = new TableColumn(new Text(title, new Style(decoration: Decoration.Bold))) { Width = size, NoWrap = true, Padding = new Padding(0, 0, 1, 0) };
            table.AddColumn(isNumber ? column.RightAligned() : column);
        }

        foreach (var one in TopOrder.By(order, rates.Clients).Take(maxClients)) table.AddRow(CellsOf(one));
        var hidden = Math.Max(0, rates.Clients.Length - maxClients);
        return new Rows(
            new Text(HeaderOf(sample, rates)),
            new Text(""),
            rates.Clients.IsEmpty ? new Text("No client is connected.") : table,
            new Text(hidden > 0 ? $"and {hidden} more" : ""),
            new Text($"stages: {StageLetters.Legend}; dev: results of the device", new Style(Color.Grey)));
    }

    private string HeaderOf(MonitorSample sample, Rates rates)
    {
        var load = sample.Load ?? new();
        // Few models have exits, and few servers are so busy that their time has a price.
        var exits = rates.ExitsPerSecond is > 0 and var early ? string.Create(CultureInfo.InvariantCulture, $" ({early / rates.RequestsPerSecond * 100:0}% by exits)") : "";
        var price = load.Price is >= 0.005 and var cost ? string.Create(CultureInfo.InvariantCulture, $" at price {cost:0.00}") : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"{Short(server, 60)}: {Rate(rates.RequestsPerSecond)} requests/s{exits}, {Rate(rates.RefusalsPerSecond)} refused/s, {load.Queued} queued, {load.Running} of {load.Places} running{price}, {Sizes.Bytes(load.ResidentBytes)} memory, {rates.Clients.Length} {(rates.Clients.Length == 1 ? "client" : "clients")}");
    }

    private IEnumerable<IRenderable> CellsOf(ClientRate one)
    {
        var client = one.Client;
        return
        [
            Cell(client.Key is { Length: > 0 } key ? key : client.Address ?? Unknown, _client),
            Cell(client.Model ?? Unknown, _model),
            Cell(Rate(one.RequestsPerSecond), 6),
            Cell(client.LinkBytesPerSecond is { } link ? Bits(link * 8) : Unknown, 9),
            Cell(Milliseconds(client.RoundTripSeconds), 7),
            Cell(client.Partition?.ToString(CultureInfo.InvariantCulture) ?? Unknown, 3),
            Cell(client.Codec ?? Unknown, _codec),
            Cell(Milliseconds(client.Stages?.TotalSeconds), 7),
            client.Stages is { } stages ? StageLetters.Coloured(StageLetters.Of(stages, BarWidth)) : new Text(""),
            Cell(one.DeviceShare is { } share ? string.Create(CultureInfo.InvariantCulture, $"{share * 100:0}%") : Unknown, 4),
        ];
    }

    private static Text Cell(string text, int width) => new(Short(text, width)) { Overflow = Overflow.Crop };

    /// <summary>Text in as many columns as there are; wide characters take two.</summary>
    private static string Short(string text, int width)
    {
        // What is cut anyway need not be made plain.
        var plain = PlainWriter.Of(text.Length > 4 * width ? text[..(4 * width)] : text).ReplaceLineEndings(" ").Replace('\t', ' ');
        if (plain.GetCellWidth() <= width) return plain;
        int end = 0, taken = 0;
        while (end < plain.Length)
        {
            var length = end + 1 < plain.Length && char.IsSurrogatePair(plain, end) ? 2 : 1;
            taken += plain.Substring(end, length).GetCellWidth();
            if (taken > width - 1) break;
            end += length;
        }

        return $"{plain[..end]}…";
    }

    private static string Rate(double? perSecond) => perSecond?.ToString(perSecond < 10 ? "0.0" : "0", CultureInfo.InvariantCulture) ?? Unknown;

    private static string Milliseconds(double? seconds) => seconds switch
    {
        null => Unknown,
        < 10 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e3:0.0}ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds:0}s"),
    };

    private static string Bits(double perSecond) => $"{Sizes.Count(perSecond).Replace(" ", "", StringComparison.Ordinal)}b/s";
}
