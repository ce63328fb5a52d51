using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using SplitInfer.Dashboard.Tests.Browser;
using SplitInfer.Dashboard.Tests.Hosting;
using SplitInfer.Policies;

namespace SplitInfer.Dashboard.Tests;

/// <summary>The page as people see it, in a browser.</summary>
public class PageTests
{
    [BrowserFact]
    public async Task It_shows_the_numbers_of_the_server_without_a_complaint_and_loads_nothing_from_outside()
    {
        await using var host = await DashboardHost.StartAsync();
        var client = await host.ConnectAsync(static options => options.Partition = 0);
        await using var browser = await BrowserUnderTest.StartAsync();
        var page = await browser.OpenAsync(host.Address);
        await host.InferAsync(client);
        await Expect(page, "clients", "1");
        for (var request = 1; request < 7; request++) await host.InferAsync(client);
        // Pushed: nothing here asks for it.
        var cells = page.Locator(".rz-data-grid tbody tr").First.Locator("td");
        await Assertions.Expect(cells.Nth(9)).ToHaveTextAsync("7");
        var shown = Assert.Single(host.Server.Clients);
        Assert.Equal((7, 6), (shown.Answered, shown.Told.Finished));
        await Assertions.Expect(cells.Nth(6)).Not.ToHaveTextAsync("–");
        await Assertions.Expect(cells.Nth(0)).ToHaveTextAsync(shown.Address);
        await Assertions.Expect(cells.Nth(1)).ToHaveTextAsync("mobilenet");
        await Assertions.Expect(cells.Nth(2)).ToHaveTextAsync("0");
        await Assertions.Expect(page.Locator(".plan .chosen title").First).ToContainTextAsync("Cut 0, an arm, chosen by 1 client now");
        await Expect(page, "refused", "0");
        await BrowserUnderTest.WaitForChartsAsync(page);
        Assert.Empty(browser.Complaints);
        Assert.All(browser.Asked, asked => Assert.Equal(host.Address.Authority, asked.Authority));
    }

    [BrowserFact]
    public async Task A_prefix_and_a_base_of_paths_come_before_everything()
    {
        await using var host = await DashboardHost.StartAsync(prefix: "/watch/", pathBase: "/edge");
        await using var browser = await BrowserUnderTest.StartAsync();
        var page = await browser.OpenAsync(host.Address);
        var client = await host.ConnectAsync();
        await host.InferAsync(client);
        await Expect(page, "clients", "1");
        Assert.Empty(browser.Complaints);
        Assert.All(browser.Asked, static asked => Assert.StartsWith("/edge/watch/", asked.AbsolutePath, StringComparison.Ordinal));
    }

    [BrowserFact]
    public async Task It_can_be_used_with_a_keyboard_and_waits_when_it_is_told_to()
    {
        await using var host = await DashboardHost.StartAsync();
        await using var browser = await BrowserUnderTest.StartAsync();
        var page = await browser.OpenAsync(host.Address);
        await Assertions.Expect(page.Locator(".live")).ToHaveTextAsync("Live", new() { Timeout = 60_000 });
        await page.Keyboard.PressAsync("Tab");
        Assert.Equal("Skip to the content", await page.EvaluateAsync<string>("document.activeElement.textContent"));
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator(".live")).ToHaveTextAsync("Paused");
        var client = await host.ConnectAsync();
        await host.InferAsync(client);
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Go on" })).ToBeFocusedAsync();
        Assert.Equal("0", await page.Locator("[data-tile=clients]").TextContentAsync());
        await page.Keyboard.PressAsync("Enter");
        await Expect(page, "clients", "1");

        await page.Keyboard.PressAsync("Shift+Tab");
        Assert.Equal("Theme: auto", await page.EvaluateAsync<string>("document.activeElement.textContent"));
        var light = await page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");
        await page.Keyboard.PressAsync("Enter");
        await page.Keyboard.PressAsync("Enter");
        Assert.NotEqual(light, await page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor"));
        await page.ReloadAsync();
        await Assertions.Expect(page.Locator("#theme")).ToHaveTextAsync("Theme: dark");
        Assert.Empty(browser.Complaints);
    }

    [BrowserFact]
    public async Task It_fits_a_phone()
    {
        await using var host = await DashboardHost.StartAsync();
        await using var browser = await BrowserUnderTest.StartAsync();
        var client = await host.ConnectAsync();
        await host.InferAsync(client);
        var page = await browser.OpenAsync(host.Address, width: 360, height: 740, isTouch: true);
        await Expect(page, "clients", "1");
        await Assertions.Expect(page.Locator(".rz-data-grid tbody tr").First).ToBeVisibleAsync();
        Assert.Equal(360, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        Assert.Empty(browser.Complaints);
    }

    [BrowserFact]
    public async Task Nothing_keeps_anybody_from_reading_it()
    {
        await using var host = await DashboardHost.StartAsync();
        await using var browser = await BrowserUnderTest.StartAsync();
        await host.InferAsync(await host.ConnectAsync(static options => options.Partition = 0));
        foreach (var scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
        {
            var page = await browser.OpenAsync(host.Address, scheme: scheme);
            await Expect(page, "clients", "1");
            await Assertions.Expect(page.Locator(".rz-data-grid tbody tr").First).ToBeVisibleAsync();
            var result = await page.RunAxe(new AxeRunOptions { RunOnly = RunOnlyOptions.Tags("wcag2a", "wcag2aa", "wcag21aa") });
            Assert.True(result.Violations.Length == 0, string.Join('\n', result.Violations.SelectMany(static violation => violation.Nodes.Select(node => $"{violation.Id}: {node.Html} {node.Any.FirstOrDefault()?.Message}"))));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_tells_of_its_requests_unless_it_is_set_not_to(bool reports)
    {
        await using var host = await DashboardHost.StartAsync();
        var client = await host.ConnectAsync(options => (options.Partition, options.Reports) = (0, reports));
        using var watch = host.Server.Watch();
        await host.InferAsync(client);
        await host.InferAsync(client);
        Assert.Null((await watch.Requests.ReadAsync()).Report);
        var told = (await watch.Requests.ReadAsync()).Report;
        Assert.Equal(reports, told is not null);
        if (told is { } report) Assert.True(report is { Finished: 1, OnDevice: 0, Last: { Partition: 0, IsForced: false, IsDevice: false } last } && last.Total >= last.Server && last.Server > TimeSpan.Zero);
    }

    [BrowserFact]
    public async Task Names_are_shown_as_text()
    {
        const string Name = "<img src=x onerror=alert(1)>";
        await using var host = await DashboardHost.StartAsync(Name);
        await using var browser = await BrowserUnderTest.StartAsync();
        var client = await host.ConnectAsync(static options => options.Partition = 0);
        await host.InferAsync(client);
        var page = await browser.OpenAsync(host.Address);
        await Assertions.Expect(page.Locator("h3").First).ToContainTextAsync(Name);
        await Assertions.Expect(page.Locator(".rz-data-grid tbody tr td").Nth(1)).ToHaveTextAsync(Name);
        Assert.Equal(0, await page.Locator("img").CountAsync());
        Assert.Empty(browser.Complaints);
    }

    [BrowserFact]
    public async Task A_key_opens_it_also_for_its_socket()
    {
        using var folder = new Testing.TestFolder();
        File.WriteAllText(folder["keys.txt"], "alice a-key-of-enough-letters");
        await using var host = await DashboardHost.StartAsync(configure: options => options.Security.KeysFile = folder["keys.txt"]);
        await using var browser = await BrowserUnderTest.StartAsync();
        var page = await browser.OpenAsync(host.Address, credentials: new() { Username = "me", Password = "a-key-of-enough-letters" });
        await host.ConnectAsync(static options => (options.Transport.Security.Key, options.Policy) = ("a-key-of-enough-letters", PolicyNames.AllOnServer)).ContinueWith(client => host.InferAsync(client.Result), TaskScheduler.Default).Unwrap();
        await Expect(page, "clients", "1");
        await Assertions.Expect(page.Locator(".rz-data-grid tbody tr td").First).ToHaveTextAsync("alice");
    }

    private static Task Expect(IPage page, string tile, string value) => Assertions.Expect(page.Locator($"[data-tile={tile}]")).ToHaveTextAsync(value, new() { Timeout = 60_000 });
}
