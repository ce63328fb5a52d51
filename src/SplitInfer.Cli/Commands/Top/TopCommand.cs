using System.CommandLine;
using SplitInfer.Cli.Output;

namespace SplitInfer.Cli.Commands.Top;

/// <summary>Shows who uses a server, how busy it is, and where the time of requests goes.</summary>
internal static class TopCommand
{
    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var server = new Option<string>("--server") { Description = "Where the server answers HTTP, the address of 'splitinfer serve --http', such as http://127.0.0.1:8080.", HelpName = "URI", Required = true };
        var interval = new Option<double>("--interval") { Description = "How often it is looked at, in seconds: 0.2 to 60.", HelpName = "S", DefaultValueFactory = static _ => 1 };
        var sort = new Option<string>("--sort") { Description = $"What clients are sorted by: {string.Join(", ", TopOrder.Names)}.", HelpName = "NAME", DefaultValueFactory = static _ => TopOrder.Default, CustomParser = new KnownName("order", "orders", TopOrder.Names).Single! };
        var once = new Option<bool>("--once") { Description = "Print one table, of one interval, and end; where this is no terminal, that is so anyway. With --json, one line, at once." };
        interval.Require<double>(static seconds => seconds is >= 0.2 and <= 60, "takes 0.2 to 60.");
        var command = new ExplainedCommand("top",
            "Shows the clients of a server, live: requests, link, cut, and where the time goes. q or Ctrl+C ends.",
            "splitinfer top --server http://127.0.0.1:8080",
            "splitinfer top --server https://edge:8443 --tls-ca ca.pem --key-file key.txt --sort delay",
            "splitinfer top --server http://127.0.0.1:8080 --once",
            "splitinfer top --server http://127.0.0.1:8080 --json --interval 10")
        {
            server, interval, sort, once, options.Connecting.All,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var address = Addresses.Parse(parsed.GetRequiredValue(server), "--server");
            var security = options.Connecting.Of(parsed).Security;
            using var http = MonitorConnection.Open(address, security);
            var feed = new MonitorFeed(http, address, TimeSpan.FromSeconds(parsed.GetValue(interval)), security.KeyFile, TimeProvider.System);
            var (isOnce, name, order) = (parsed.GetValue(once), address.ToString().TrimEnd('/'), parsed.GetRequiredValue(sort));
            if (parsed.GetValue(options.Json)) await PassOnAsync(feed, isOnce, terminal, cancellationToken);
            else if (isOnce || !terminal.IsInteractive) await PrintAsync(feed, new(name, order, terminal.Tables.Profile.Width), terminal, cancellationToken);
            else await new TopScreen(terminal.Tables, name, order, TopScreen.ReadKey, TimeProvider.System).RunAsync(feed, cancellationToken);
        });
        return command;
    }

    /// <summary>Lines for programs, as the server pushes them.</summary>
    private static Task PassOnAsync(MonitorFeed feed, bool isOnce, Terminal terminal, CancellationToken cancellationToken) => feed.FollowAsync(
        (line, _) =>
        {
            terminal.Output.WriteLine(line);
            terminal.Output.Flush();
            return !isOnce;
        },
        away => terminal.Complain($"{away.Message} Trying again."),
        cancellationToken);

    /// <summary>One table: rates take two samples.</summary>
    private static async Task PrintAsync(MonitorFeed feed, TopTable table, Terminal terminal, CancellationToken cancellationToken)
    {
        MonitorSample? before = null;
        await foreach (var (_, sample) in feed.ReadAsync(cancellationToken))
        {
            if (before is not null)
            {
                terminal.Tables.Write(table.Of(sample, Rates.Between(before, sample)));
                return;
            }

            before = sample;
        }
    }
}
