using SplitInfer.Server;
using SplitInfer.Soak.Load;

namespace SplitInfer.Soak.Processes;

/// <summary>The server's process.</summary>
internal static class ServerRole
{
    public const string Name = "server";

    /// <summary>Has the server stop, unload every model, load all anew and listen at the same address.</summary>
    public const string Restart = "restart";

    /// <summary>Serves until the parent goes.</summary>
    public static async Task RunAsync(string models, Leak leak)
    {
        long decoded = 0;
        var codecs = WatchedCodec.WatchAll(() =>
        {
            Interlocked.Increment(ref decoded);
            leak.Drip();
        });
        var server = await StartAsync(new("tcp://127.0.0.1:0"));
        var address = server.Endpoints[0];
        var restarts = 0;
        Console.WriteLine(address);
        while (Console.ReadLine() is { } line)
        {
            if (line == Restart)
            {
                // What is under way may end, as it does when an operator restarts a server.
                using (var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1))) await server.StopAsync(limit.Token);
                await server.DisposeAsync();
                server = await StartAsync(address);
                restarts++;
                Console.WriteLine("restarted");
            }
            else
            {
                SoakProcess.Answer(ProcessUse.OfThis(Interlocked.Read(ref decoded), new Dictionary<string, long> { ["restarts"] = restarts }));
            }
        }

        await server.DisposeAsync();

        async Task<SplitInferServer> StartAsync(Uri listen)
        {
            var options = new SplitInferServerOptions { ModelsDirectory = models, KnownCodecs = codecs, Limits = { StallTimeout = TimeSpan.FromSeconds(5) } };
            options.Listen.Add(listen);
            options.Execution.IntraOpThreads = 1;
            return await SplitInferServer.StartAsync(options);
        }
    }
}
