using SplitInfer.Client;
using SplitInfer.IntegrationTests.EndToEnd;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.Availability;

/// <summary>Servers in processes of their own that stop or are killed while clients send without a pause: no request is lost.</summary>
public sealed class LostServerTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly string _model;
    private readonly List<ServerProcess> _servers = [];

    public LostServerTests()
    {
        _model = _folder["demo/1/model.onnx"];
        File.WriteAllBytes(_model, UNet.Build().ToBytes());
    }

    public void Dispose()
    {
        foreach (var server in _servers) server.Dispose();
        _folder.Dispose();
    }

    [UnixTheory]
    [InlineData(OnServerFailure.FinishOnDevice)]
    [InlineData(OnServerFailure.Throw)]
    public async Task When_a_server_is_told_to_stop_its_clients_go_on_with_the_other_one(OnServerFailure onFailure)
    {
        await StartAsync(count: 2);
        await using var first = await SteadyLoad.StartAsync(_model, onFailure, _servers.Select(static server => server.Address));
        await using var second = await SteadyLoad.StartAsync(_model, onFailure, _servers.Select(static server => server.Address));
        SteadyLoad[] loads = [first, second];
        foreach (var load in loads) await load.AnswerUntilAsync(() => load.LastServer == NameOf(0));

        Assert.Equal(0, await _servers[0].StopAsync());
        foreach (var load in loads) await load.AnswerAsync(10);
        foreach (var load in loads)
        {
            await load.StopAsync();
            Assert.Equal(NameOf(1), load.LastServer);
            Assert.Null(load.Degraded); // a server that is stopped is no failure, and the device does nothing for it
        }
    }

    [UnixTheory]
    [InlineData(OnServerFailure.FinishOnDevice)]
    [InlineData(OnServerFailure.Throw)]
    public async Task When_one_of_three_is_killed_no_request_fails(OnServerFailure onFailure)
    {
        await StartAsync(count: 3);
        await using var load = await SteadyLoad.StartAsync(_model, onFailure, _servers.Select(static server => server.Address));
        for (var killed = 0; killed < 2; killed++)
        {
            await load.AnswerUntilAsync(() => load.LastServer == NameOf(killed));
            _servers[killed].Kill();
            await load.AnswerAsync(5);
        }

        await load.AnswerUntilAsync(() => load.LastServer == NameOf(2));
        Assert.True(await load.StopAsync() >= 30);
    }

    private string NameOf(int server) => _servers[server].Address.ToString().TrimEnd('/');

    private async Task StartAsync(int count)
    {
        for (var number = 0; number < count; number++) _servers.Add(await ServerProcess.StartAsync(_folder.Path, "--threads", "1", "--preload", "--no-trial"));
    }

    /// <summary>A theory about signals, which not every system has.</summary>
    private sealed class UnixTheoryAttribute : TheoryAttribute
    {
        public UnixTheoryAttribute()
        {
            if (OperatingSystem.IsWindows()) Skip = "This system cannot stop a process by a signal.";
        }
    }
}
