using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using SplitInfer.Cli.Output;
using SplitInfer.Server;

namespace SplitInfer.Cli.Commands.Serve;

/// <summary>Serves the tails of the models in a directory until it is told to stop.</summary>
internal static class ServeCommand
{
    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var models = new Option<string>("--models") { Description = "The model repository: <name>/<version>/model.onnx below this directory.", HelpName = "DIR", Required = true };
        var listen = new Option<string[]>("--listen") { Description = "Where to listen, such as tcp://0.0.0.0:7070 or unix:///run/splitinfer.sock; may be given several times. Port 0 takes a free one. [default: tcp://127.0.0.1:7070]", HelpName = "URI" };
        var preload = new Option<bool>("--preload") { Description = "Load the tails of all arms before listening, rather than on first use." };
        var profile = new Option<bool>("--profile-tails") { Description = "Load and time the tails of all arms before listening, and tell clients, so that their policies know this server before the first request. Takes up to some 10 s a model." };
        var codecs = SharedOptions.Codecs("Allow clients this codec and no others; one has to be lossless.");
        var command = new ExplainedCommand("serve", "Serves the tails of the models in a directory.",
            "splitinfer serve --models ./models",
            "splitinfer serve --models ./models --listen tcp://127.0.0.1:0 --listen unix:///tmp/splitinfer.sock --preload",
            "splitinfer serve --models ./models --codec Raw --codec ZeroBitmapEntropy --codec Quantized8")
        {
            models, listen, preload, profile, codecs, options.Planning,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            Uri[] addresses = [.. (parsed.GetValue(listen) ?? []).Select(static address => Addresses.Parse(address, "--listen"))];
            Action<SplitInferServerOptions> configure = server =>
            {
                server.ModelsDirectory = parsed.GetRequiredValue(models);
                foreach (var address in addresses) server.Listen.Add(address);
                if (parsed.GetValue(codecs) is { Length: > 0 } names) server.Codecs = names;
                server.PreloadArms = parsed.GetValue(preload);
                server.ProfileTails = parsed.GetValue(profile);
                server.Plan = options.PlanOf(parsed);
                server.Execution = options.ExecutionOf(parsed);
            };
            return RunAsync(configure, parsed.GetValue(options.Json), terminal, cancellationToken);
        });
        return command;
    }

    private static async Task RunAsync(Action<SplitInferServerOptions> configure, bool isJson, Terminal terminal, CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSplitInferServer(configure);
        // Standard output is for what programs read. What keeps the host from starting is told once, in a sentence.
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("Microsoft.Extensions.Hosting", LogLevel.None)
            .AddSimpleConsole(static console => console.SingleLine = true);
        builder.Services.Configure<ConsoleLoggerOptions>(static console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        using var host = builder.Build();
        await host.StartAsync(cancellationToken);
        foreach (var endpoint in host.Services.GetRequiredService<SplitInferServer>().Endpoints)
        {
            if (isJson) new JsonLines(terminal.Output).Write(new ListeningLine(endpoint), LineContext.Default.ListeningLine);
            else terminal.Output.WriteLine($"Listening on {endpoint}; stop with Ctrl+C.");
        }

        await host.WaitForShutdownAsync(cancellationToken);
    }
}
