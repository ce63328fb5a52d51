using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace SplitInfer.Dashboard.Tests.Browser;

/// <summary>A browser without a window, and all that its pages complain of or ask for.</summary>
internal sealed class BrowserUnderTest : IAsyncDisposable
{
    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private BrowserUnderTest(IPlaywright playwright, IBrowser browser) => (_playwright, _browser) = (playwright, browser);

    /// <summary>Errors and warnings of pages.</summary>
    public ConcurrentQueue<string> Complaints { get; } = new();

    /// <summary>What pages have asked for.</summary>
    public ConcurrentQueue<Uri> Asked { get; } = new();

    public static async Task<BrowserUnderTest> StartAsync()
    {
        var playwright = await Playwright.CreateAsync();
        return new(playwright, await playwright.Chromium.LaunchAsync(new() { ExecutablePath = BrowserFactAttribute.Path, Args = ["--no-sandbox", "--disable-gpu"] }));
    }

    /// <summary>A page in a window of its own.</summary>
    public async Task<IPage> OpenAsync(Uri address, int width = 1440, int height = 1000, ColorScheme scheme = ColorScheme.Light, HttpCredentials? credentials = null, bool isTouch = false)
    {
        var context = await _browser.NewContextAsync(new() { ViewportSize = new() { Width = width, Height = height }, ColorScheme = scheme, HttpCredentials = credentials, HasTouch = isTouch, ReducedMotion = ReducedMotion.Reduce });
        var page = await context.NewPageAsync();
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning") Complaints.Enqueue($"{message.Type}: {message.Text}");
        };
        page.PageError += (_, error) => Complaints.Enqueue(error);
        page.RequestFailed += (_, request) => Complaints.Enqueue($"{request.Url}: {request.Failure}");
        page.Request += (_, request) => Asked.Enqueue(new(request.Url));
        page.Response += (_, response) =>
        {
            if (response.Status >= 400) Complaints.Enqueue($"{response.Status} {response.Url}");
        };
        await page.GotoAsync(address.ToString());
        return page;
    }

    /// <summary>Waits until each chart has its axis drawn over its width.</summary>
    public static Task WaitForChartsAsync(IPage page) => page.WaitForFunctionAsync(
        "() => [...document.querySelectorAll('.chart')].every(chart => [...chart.querySelectorAll('svg path, svg line')].some(mark => mark.getBoundingClientRect().width > chart.clientWidth / 2))", null, new() { Timeout = 60_000 });

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
