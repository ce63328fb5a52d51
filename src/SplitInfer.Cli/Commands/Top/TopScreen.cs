using Spectre.Console;
using Spectre.Console.Rendering;

namespace SplitInfer.Cli.Commands.Top;

/// <summary>Keeps the table of a server up to date where a person watches, until they end it.</summary>
/// <param name="console">The terminal.</param>
/// <param name="server">What the server is called.</param>
/// <param name="order">By what clients are sorted.</param>
/// <param name="readKey">The next key that was typed; null where there is none.</param>
/// <param name="time">The clock.</param>
internal sealed class TopScreen(IAnsiConsole console, string server, string order, Func<char?> readKey, TimeProvider time)
{
    // Lines beside those of clients, with a header and a legend that wrap.
    private const int OtherLines = 9;

    private static readonly TimeSpan KeyInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>The next key of the console; null where there is none.</summary>
    public static char? ReadKey() => Console.KeyAvailable ? Console.ReadKey(intercept: true).KeyChar : null;

    /// <summary>Shows samples until q is typed, or the token fires.</summary>
    /// <exception cref="MonitorException">The server refuses, or was not there from the start.</exception>
    public async Task RunAsync(MonitorFeed feed, CancellationToken cancellationToken)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var keys = EndOnKeyAsync(ends);
        try
        {
            await console.Live(new Text("Connecting")).Overflow(VerticalOverflow.Crop).StartAsync(context => ShowAsync(context, feed, ends.Token));
        }
        finally
        {
            await ends.CancelAsync();
            await keys;
        }
    }

    private async Task ShowAsync(LiveDisplayContext context, MonitorFeed feed, CancellationToken cancellationToken)
    {
        MonitorSample? before = null;
        IRenderable shown = new Text("");
        await feed.FollowAsync(
            (_, sample) =>
            {
                // Terminals change their size.
                shown = new TopTable(server, order, console.Profile.Width).Of(sample, Rates.Between(before, sample), Math.Max(1, console.Profile.Height - OtherLines));
                before = sample;
                context.UpdateTarget(shown);
                return true;
            },
            away =>
            {
                before = null;
                context.UpdateTarget(new Rows(new Text($"{Output.PlainWriter.Of(away.Message)} Trying again; below is what it was.", new Style(Color.Red)), shown));
            },
            cancellationToken);
    }

    private async Task EndOnKeyAsync(CancellationTokenSource ends)
    {
        using var timer = new PeriodicTimer(KeyInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(ends.Token))
            {
                while (readKey() is { } key)
                {
                    if (key is not ('q' or 'Q')) continue;
                    await ends.CancelAsync();
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The screen ends.
        }
    }
}
