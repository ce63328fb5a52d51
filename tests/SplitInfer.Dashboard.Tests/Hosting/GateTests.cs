using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using SplitInfer.Testing;

namespace SplitInfer.Dashboard.Tests.Hosting;

/// <summary>Who may look.</summary>
public sealed class GateTests : IDisposable
{
    private const string Key = "a-key-of-enough-letters";

    private readonly HttpClient _browser = new(new HttpClientHandler { UseCookies = false });
    private readonly TestFolder _folder = new();

    [Fact]
    public async Task On_this_machine_anyone_may_look_who_names_it_as_such()
    {
        await using var host = await DashboardHost.StartAsync();
        using var page = await _browser.GetAsync(host.Address);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Contains("default-src 'none'", string.Join(' ', page.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(host, "", static request => request.Headers.Host = "evil.example"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(host, "", static request => request.Headers.Add("X-Forwarded-For", "10.0.0.1")));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(host, "_assets/dashboard.css", static request => request.Headers.Add("X-Forwarded-For", "10.0.0.1")));
    }

    [Theory]
    [InlineData("https://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("null", HttpStatusCode.Forbidden)]
    [InlineData(null, HttpStatusCode.OK)]
    public async Task No_page_of_another_site_reaches_its_socket(string? origin, HttpStatusCode status)
    {
        await using var host = await DashboardHost.StartAsync();
        Assert.Equal(status, await AskAsync(host, "_blazor/negotiate?negotiateVersion=1", request =>
        {
            request.Method = HttpMethod.Post;
            if (origin is not null) request.Headers.Add("Origin", origin);
        }));
    }

    [Fact]
    public async Task Where_the_server_has_keys_it_takes_one_of_them_and_no_longer_than_it_is_valid()
    {
        File.WriteAllText(_folder["keys.txt"], $"alice {Key}");
        await using var host = await DashboardHost.StartAsync(configure: options => options.Security.KeysFile = _folder["keys.txt"]);
        foreach (var path in (string[])["", "_assets/dashboard.css", "_blazor/negotiate"]) Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(host, path));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(host, "", request => request.Headers.Authorization = Basic("me:another-key-of-letters")));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(host, "", static request => request.Headers.TryAddWithoutValidation("Authorization", "Basic ???")));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(host, "", static request => request.Headers.Authorization = new("Bearer", Key)));

        using var asked = new HttpRequestMessage(HttpMethod.Get, host.Address) { Headers = { Authorization = Basic($"me:{Key}") } };
        using var page = await _browser.SendAsync(asked);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        var cookie = Assert.Single(page.Headers.GetValues("Set-Cookie"), static cookie => cookie.StartsWith("splitinfer-dashboard", StringComparison.Ordinal));
        Assert.Contains("httponly", cookie, StringComparison.Ordinal);
        Assert.DoesNotContain(Key, cookie, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await AskAsync(host, "_assets/dashboard.css", request => request.Headers.Add("Cookie", cookie.Split(';')[0])));

        File.WriteAllText(_folder["keys.txt"], "bob another-key-of-letters");
        while (await AskAsync(host, "_assets/dashboard.css", request => request.Headers.Add("Cookie", cookie.Split(';')[0])) == HttpStatusCode.OK) await Task.Delay(50);
    }

    [Theory]
    [InlineData(false, HttpStatusCode.Forbidden)]
    [InlineData(true, HttpStatusCode.OK)]
    public async Task A_key_is_neither_asked_for_nor_taken_from_another_machine_without_encryption_unless_that_is_allowed(bool isAllowed, HttpStatusCode status)
    {
        File.WriteAllText(_folder["keys.txt"], $"alice {Key}");
        await using var host = await DashboardHost.StartAsync(configure: options => (options.Security.KeysFile, options.Security.AllowInsecure) = (_folder["keys.txt"], isAllowed));
        Assert.Equal(isAllowed ? HttpStatusCode.Unauthorized : status, await AskAsync(host, "", static request => request.Headers.Add("X-Forwarded-For", "10.0.0.1")));
        Assert.Equal(status, await AskAsync(host, "", static request =>
        {
            request.Headers.Add("X-Forwarded-For", "10.0.0.1");
            request.Headers.Authorization = Basic($"me:{Key}");
        }));
    }

    [Fact]
    public async Task An_open_page_is_closed_once_its_key_is_removed()
    {
        File.WriteAllText(_folder["keys.txt"], $"alice {Key}");
        await using var host = await DashboardHost.StartAsync(configure: options => options.Security.KeysFile = _folder["keys.txt"]);
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", $"Bearer {Key}");
        await socket.ConnectAsync(new UriBuilder(host.Address) { Scheme = "ws", Path = "/_blazor" }.Uri, CancellationToken.None);
        await socket.SendAsync("{\"protocol\":\"blazorpack\",\"version\":1}\u001e"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        File.WriteAllText(_folder["keys.txt"], "bob another-key-of-letters");
        var (buffer, received) = (new byte[4096], default(Task<WebSocketReceiveResult>));
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        // Its pings keep it open otherwise, and this goes on for ever.
        while (socket.State == WebSocketState.Open)
        {
            Assert.False(limit.IsCancellationRequested, "The page is still open.");
            received ??= socket.ReceiveAsync(buffer, CancellationToken.None);
            if (await Task.WhenAny(received, Task.Delay(100)) == received)
            {
                if (received.IsFaulted) break;
                received = null;
            }

            // The ping of the protocol of the page: its length, and an array of the number 6.
            if (await Record.ExceptionAsync(() => socket.SendAsync((byte[])[0x02, 0x91, 0x06], WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None)) is not null) break;
        }

        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(host, "", static request => request.Headers.Authorization = new("Bearer", Key)));
        Assert.NotEqual(WebSocketState.Open, socket.State);
    }

    [Fact]
    public async Task What_is_insecure_can_be_allowed()
    {
        await using var host = await DashboardHost.StartAsync(configure: static options => options.Security.AllowInsecure = true);
        Assert.Equal(HttpStatusCode.OK, await AskAsync(host, "", static request => request.Headers.Add("X-Forwarded-For", "10.0.0.1")));
    }

    [Fact]
    public async Task Files_are_sent_as_they_are_or_compressed_and_no_others()
    {
        await using var host = await DashboardHost.StartAsync();
        var plain = await _browser.GetByteArrayAsync(new Uri(host.Address, "_assets/plan.css"));
        using var unpacking = new HttpClient(new HttpClientHandler { AutomaticDecompression = DecompressionMethods.GZip });
        Assert.Equal(plain, await unpacking.GetByteArrayAsync(new Uri(host.Address, "_assets/plan.css")));
        foreach (var path in (string[])["_assets/blazor.web.js", "_assets/Radzen.Blazor.min.js", "_assets/css/standard-base.css", "_assets/css/standard-dark-base.css", "_assets/fonts/MaterialSymbolsOutlined.woff2", "_assets/fonts/SourceSans3VF-Upright.ttf.woff2"])
            Assert.Equal(HttpStatusCode.OK, await AskAsync(host, path));
        Assert.Equal(HttpStatusCode.NotFound, await AskAsync(host, "_assets/no.css"));
        Assert.Equal(HttpStatusCode.NotFound, await AskAsync(host, "_assets/%2e%2e/plan.css"));
    }

    public void Dispose()
    {
        _browser.Dispose();
        _folder.Dispose();
    }

    private static AuthenticationHeaderValue Basic(string pair) => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(pair)));

    private async Task<HttpStatusCode> AskAsync(DashboardHost host, string path, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Address, path));
        change?.Invoke(request);
        using var response = await _browser.SendAsync(request);
        return response.StatusCode;
    }
}
