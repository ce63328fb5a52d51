using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SplitInfer.AspNetCore;
using SplitInfer.AspNetCore.Monitoring;
using SplitInfer.Partitioning;
using SplitInfer.Server;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.OpenInference;

/// <summary>The stream of those who watch a server.</summary>
public sealed class MonitorTests : IDisposable
{
    private const string Key = "a-key-of-a-phone-0123456789", Path = "v2/monitor?interval_seconds=0.2";

    private readonly TestFolder _folder = new();
    private readonly HttpClient _client = new();

    public MonitorTests() => File.WriteAllText(_folder["keys"], $"phone {Key}");

    public void Dispose()
    {
        _client.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_watcher_gets_line_after_line_with_a_key_alone()
    {
        await using var application = await StartAsync();
        using (var refused = await _client.GetAsync(Path)) Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        using var reader = new StreamReader(await _client.GetStreamAsync(Path));
        var before = 0.0;
        for (var line = 0; line < 3; line++)
        {
            using var snapshot = JsonDocument.Parse((await reader.ReadLineAsync())!);
            Assert.Equal(1, snapshot.RootElement.GetProperty("version").GetInt32());
            Assert.Equal(0, snapshot.RootElement.GetProperty("clients").GetArrayLength());
            Assert.True(snapshot.RootElement.GetProperty("load").GetProperty("places").GetInt32() > 0);
            var at = snapshot.RootElement.GetProperty("unix_seconds").GetDouble();
            Assert.True(at > before);
            before = at;
        }
    }

    [Fact]
    public async Task Watchers_are_bounded_and_one_that_goes_makes_room()
    {
        await using var application = await StartAsync();
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        var watchers = new List<Stream>();
        for (var watcher = 0; watcher < 16; watcher++) watchers.Add(await _client.GetStreamAsync(Path));
        using (var refused = await _client.GetAsync(Path)) Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        await watchers[0].DisposeAsync();
        HttpStatusCode status;
        do
        {
            using var again = await _client.GetAsync(Path, HttpCompletionOption.ResponseHeadersRead);
            status = again.StatusCode;
        }
        while (status == HttpStatusCode.TooManyRequests);
        Assert.Equal(HttpStatusCode.OK, status);
        foreach (var watcher in watchers) await watcher.DisposeAsync();
    }

    [Theory]
    [InlineData("0.1")]
    [InlineData("61")]
    [InlineData("NaN")]
    [InlineData("soon")]
    public async Task An_interval_out_of_bounds_is_refused(string interval)
    {
        await using var application = await StartAsync();
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        using var refused = await _client.GetAsync($"v2/monitor?interval_seconds={interval}");
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
    }

    [Fact]
    public async Task Without_keys_it_is_for_this_machine_alone_and_for_no_page_as_requests_are()
    {
        await using var application = await StartAsync(hasKeys: false);
        using (var watcher = new StreamReader(await _client.GetStreamAsync(Path))) Assert.NotNull(await watcher.ReadLineAsync());
        Assert.Equal(HttpStatusCode.Forbidden, await StatusWithAsync("Origin", "http://elsewhere"));
        // A proxy sends it for another machine, without TLS.
        Assert.Equal(HttpStatusCode.Forbidden, await StatusWithAsync("X-Forwarded-For", "192.0.2.7"));

        async Task<HttpStatusCode> StatusWithAsync(string header, string value)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, Path);
            request.Headers.Add(header, value);
            using var answer = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task A_watcher_whose_key_is_removed_gets_no_more_lines()
    {
        await using var application = await StartAsync();
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        using var reader = new StreamReader(await _client.GetStreamAsync(Path));
        Assert.NotNull(await reader.ReadLineAsync());
        File.WriteAllText(_folder["keys"], "other another-key-0123456789");
        while (await reader.ReadLineAsync() is not null)
        {
            // Lines go on until the server has looked at the file.
        }

        using var refused = await _client.GetAsync(Path);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    [Fact]
    public void Names_are_cut_between_characters()
    {
        var pairs = string.Concat(Enumerable.Repeat("\U0001F600", 300));
        var client = ClientDocument.Of(new()
        {
            Number = 7, Address = new('a', 300), Key = new('k', 96), Software = pairs, ConnectedAt = default, LastRequestAt = null, Answered = 0, Refused = 0, Withdrawn = 0, InFlight = 0,
            BytesReceived = 0, Last = null, Report = null, Told = default,
        });
        Assert.Equal(($"{new string('a', 95)}…", new string('k', 96)), (client.Address, client.Key));
        Assert.Equal(pairs[..94] + "…", client.Software);
    }

    private async Task<WebApplication> StartAsync(bool hasKeys = true)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSplitInferServer(options =>
        {
            options.Models.Add(new("m", "1", PartitionedModel.Load(SmallModels.Sum())));
            options.Listen.Add(new("tcp://127.0.0.1:0"));
            if (hasKeys) options.Security.KeysFile = _folder["keys"];
        });
        var application = builder.Build();
        application.MapSplitInfer();
        await application.StartAsync();
        _client.BaseAddress = new(application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return application;
    }
}
