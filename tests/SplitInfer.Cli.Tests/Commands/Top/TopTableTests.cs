using System.Globalization;
using Spectre.Console;
using SplitInfer.Cli.Commands.Top;

namespace SplitInfer.Cli.Tests.Commands.Top;

/// <summary>What <c>top</c> shows, at the widths that terminals have.</summary>
public sealed class TopTableTests
{
    private static readonly MonitoredClient Phone = new()
    {
        Number = 1, Address = "192.0.2.7:50123", Key = "phone", Model = "squeezenet", Partition = 12, Codec = "Lz4", RoundTripSeconds = 0.0205, LinkBytesPerSecond = 2.5e6, Answered = 100, ToldFinished = 60, ToldOnDevice = 40,
        Stages = new() { HeadSeconds = 0.01, SendSeconds = 0.02, ServerSeconds = 0.01, TotalSeconds = 0.04 },
    };

    [Theory]
    [InlineData(80)]
    [InlineData(100)]
    [InlineData(129)]
    [InlineData(130)]
    [InlineData(140)]
    [InlineData(250)]
    public void No_line_is_longer_than_the_terminal_and_all_is_there(int width)
    {
        var text = Render(width, Phone, new() { Number = 2, Address = "203.0.113.250:61234", Answered = 7 });
        Assert.All(text.Split('\n'), line => Assert.True(line.TrimEnd('\r').GetCellWidth() <= width, line));
        var phone = LineWith(text, "phone");
        foreach (var part in (string[])["squeeze", " 50 ", "20.0Mb/s", "20.5ms", " 12 ", "Lz4", "40.0ms", "40%"]) Assert.Contains(part, phone, StringComparison.Ordinal);
        // A quarter, a half and a quarter of it.
        var bar = phone.Split(' ').Single(static word => word.Length > 0 && word.All(static letter => letter is 'h' or 'u' or 's'));
        Assert.InRange(bar.Count(static letter => letter == 'u') / (double)bar.Length, 0.3, 0.7);
        Assert.Matches("^h+u+s+$", bar);
        Assert.True(text.IndexOf("phone", StringComparison.Ordinal) < text.IndexOf("203.0.", StringComparison.Ordinal));
        // A header that is wide is on two lines.
        Assert.Contains("54 requests/s, 0.0 refused/s, 3 queued, 2 of 4 running, 200 MiB memory, 2 clients", string.Join(' ', text.Split((char[])['\n', ' '], StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public void Hostile_names_move_no_cursor_are_no_markup_and_are_cut()
    {
        var name = "[red]a[/]\u001b[2J\u202e\n\r\t[link=x]" + new string('你', 500);
        var text = Render(80, Phone, new() { Number = 3, Address = name, Model = name, Codec = name });
        Assert.DoesNotContain(text, static character => character != '\n' && char.GetUnicodeCategory(character) is UnicodeCategory.Control or UnicodeCategory.Format);
        Assert.Contains("[red]a[/]", text, StringComparison.Ordinal);
        Assert.All(text.Split('\n'), static line => Assert.True(line.GetCellWidth() <= 80, line));
        Assert.Single(text.Split('\n'), static line => line.Contains("[red]", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("requests", "b,a,c")]
    [InlineData("client", "a,b,c")]
    [InlineData("delay", "c,a,b")]
    [InlineData("model", "b,a,c")]
    public void Clients_are_in_the_order_that_is_asked_for(string order, string expected)
    {
        ClientRate[] clients =
        [
            new(new() { Number = 1, Address = "a", Model = "y" }, 1, 0, 0, null),
            new(new() { Number = 2, Key = "b", Address = "z", Model = "x" }, 2, 0, 0, null),
            new(new() { Number = 3, Address = "c", Model = "z", Stages = new() { TotalSeconds = 1 } }, null, 0, 0, null),
        ];
        Assert.Equal(expected, string.Join(',', TopOrder.By(order, clients).Select(static one => one.Client.Key ?? one.Client.Address)));
    }

    [Fact]
    public void What_exits_answer_and_what_the_servers_time_costs_is_told_where_there_is_any()
    {
        Assert.DoesNotContain("exits", Render(200, Phone), StringComparison.Ordinal);
        Assert.DoesNotContain("price", Render(200, Phone), StringComparison.Ordinal);
        var text = Render(200, int.MaxValue, [Phone with { ByExit = 30 }, new() { Number = 2, Address = "b", Answered = 20, ByExit = 18 }], price: 0.4);
        Assert.Contains("60 requests/s (40% by exits), 0.0 refused/s, 3 queued, 2 of 4 running at price 0.40, ", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Clients_that_have_no_place_are_counted()
    {
        var text = Render(80, maxClients: 2, [.. Enumerable.Range(1, 5).Select(static number => new MonitoredClient { Number = number, Address = $"host{number}" })]);
        Assert.Contains("and 3 more", text, StringComparison.Ordinal);
        Assert.DoesNotContain("host3", text, StringComparison.Ordinal);
        Assert.Contains("No client is connected.", Render(80), StringComparison.Ordinal);
    }

    private static string Render(int width, params MonitoredClient[] clients) => Render(width, int.MaxValue, clients);

    private static string Render(int width, int maxClients, MonitoredClient[] clients, double? price = null)
    {
        using var output = new StringWriter { NewLine = "\n" };
        var console = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(output), Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Interactive = InteractionSupport.No });
        console.Profile.Width = width;
        var sample = new MonitorSample { Version = 1, UnixSeconds = 12, Load = new() { Queued = 3, Running = 2, Places = 4, Price = price, ResidentBytes = 200 << 20 }, Clients = clients };
        console.Write(new TopTable("http://127.0.0.1:8080", TopOrder.Default, width).Of(sample, Rates.Between(new() { UnixSeconds = 10 }, sample), maxClients));
        return output.ToString().Replace("\r\n", "\n", StringComparison.Ordinal);
    }

    private static string LineWith(string text, string part) => text.Split('\n').Single(line => line.Contains(part, StringComparison.Ordinal));
}
