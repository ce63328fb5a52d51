using Microsoft.Playwright;
using SplitInfer.Dashboard.Tests.Browser;
using SplitInfer.Dashboard.Tests.Hosting;
using SplitInfer.Emulation;
using SplitInfer.Testing;

namespace SplitInfer.Dashboard.Tests;

/// <summary>Takes the pictures of docs/dashboard.md, of clients over links of several kinds.</summary>
public class Screenshots
{
    private static readonly (double Mbps, double RoundTripMs, double Slowdown, double FramesPerSecond)[] Clients =
        [(100, 4, 6, 15), (40, 10, 8, 10), (20, 20, 8, 10), (8, 25, 6, 8), (3, 40, 4, 5), (200, 2, 10, 15)];

    [PictureFact]
    public async Task Take()
    {
        await using var host = await DashboardHost.StartAsync();
        foreach (var (mbps, roundTrip, slowdown, frames) in Clients)
        {
            host.Work(await host.ConnectAsync(options =>
            {
                options.EmulateLink(mbps, TimeSpan.FromMilliseconds(roundTrip));
                options.EmulateDevice(slowdown);
            }), frames);
        }

        await using var browser = await BrowserUnderTest.StartAsync();
        var seconds = int.Parse(Environment.GetEnvironmentVariable(PictureFactAttribute.Variable)!, System.Globalization.CultureInfo.InvariantCulture);
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        // Each in a window as high as the page: to take a whole page resizes it, and charts that are just drawn anew would be on the picture.
        foreach (var (name, width, height, scheme) in new[] { ("light", 1440, 1770, ColorScheme.Light), ("dark", 1440, 1770, ColorScheme.Dark), ("phone", 390, 844, ColorScheme.Light) })
        {
            var page = await browser.OpenAsync(host.Address, width, height, scheme);
            await Assertions.Expect(page.Locator(".rz-data-grid tbody tr").First).ToBeVisibleAsync();
            await BrowserUnderTest.WaitForChartsAsync(page);
            await Task.Delay(3000);
            await page.ScreenshotAsync(new() { Path = Repository.PathOf($"docs/images/dashboard-{name}.png") });
        }

        Assert.Empty(browser.Complaints);
    }

    /// <summary>A test that writes pictures, and does so only when it is told for how many seconds there is to be something on them.</summary>
    private sealed class PictureFactAttribute : FactAttribute
    {
        public const string Variable = "SPLITINFER_PICTURES";

        public PictureFactAttribute()
        {
            if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 }) Skip = $"Writes the pictures of the documentation. Set {Variable} to a number of seconds to have it do so.";
        }
    }
}
