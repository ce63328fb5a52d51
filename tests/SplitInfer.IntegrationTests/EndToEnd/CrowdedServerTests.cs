using System.Net;
using System.Net.Sockets;
using SplitInfer.Client;
using SplitInfer.Policies;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>A real server with few file handles, and more connections than it has room for.</summary>
public sealed class CrowdedServerTests : IDisposable
{
    private const int Handles = 1024, Burst = 2000;

    private readonly TestFolder _folder = new();
    private readonly string _model;

    public CrowdedServerTests()
    {
        _model = _folder["models/demo/1/model.onnx"];
        Directory.CreateDirectory(Path.GetDirectoryName(_model)!);
        File.WriteAllBytes(_model, ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes());
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_burst_of_connections_that_say_nothing_neither_stops_it_nor_keeps_others_out()
    {
        using var server = await ServerProcess.StartAsync(_folder["models"], new ServerProcess.Surroundings { Handles = Handles });
        await using var before = await ConnectAsync(server);
        await RequireServedAsync(before);
        var sockets = new List<Socket>();
        try
        {
            for (var i = 0; i < Burst; i++)
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
                sockets.Add(socket);
                _ = socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, server.Address.Port)).ContinueWith(static connecting => _ = connecting.Exception, TaskScheduler.Default);
            }

            await RequireServedAsync(before);
            await using var later = await ConnectAsync(server);
            await RequireServedAsync(later);
        }
        finally
        {
            sockets.ForEach(static socket => socket.Dispose());
        }

        await using var after = await ConnectAsync(server);
        await RequireServedAsync(after);
        Assert.False(server.HasExited);
    }

    private ValueTask<SplitInferenceClient> ConnectAsync(ServerProcess server) =>
        SplitInferenceClient.CreateAsync(new() { ModelPath = _model, Server = server.Address, Policy = PolicyNames.AllOnServer, Races = false, Execution = { IntraOpThreads = 1 } });

    /// <summary>The server may refuse for a moment; the device answers meanwhile.</summary>
    private static async Task RequireServedAsync(SplitInferenceClient client)
    {
        using var input = RandomTensor.Normal(new Random(1), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
        for (var attempt = 0; attempt < 600; attempt++)
        {
            using var result = await client.InferAsync(input);
            if (result.Source != InferenceSource.Device) return;
            await Task.Delay(50);
        }

        Assert.Fail("The server did not answer within 30 s.");
    }
}
