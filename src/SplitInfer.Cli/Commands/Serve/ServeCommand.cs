using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Server;

namespace SplitInfer.Cli.Commands.Serve;

/// <summary>Serves the tails of a model, or of those in a directory, until it is told to stop.</summary>
internal static class ServeCommand
{
    private const string OnlyVersion = "1";

    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var file = new Argument<string?>("MODEL") { Description = "An .onnx file, served under its name as version 1. Or give --models.", Arity = ArgumentArity.ZeroOrOne };
        var models = new Option<string?>("--models") { Description = "The model repository: <name>/<version>/model.onnx below this directory.", HelpName = "DIR" };
        var listen = new Option<string[]>("--listen") { Description = "Where to listen, such as tcp://0.0.0.0:7070 or unix:///run/splitinfer.sock; may be given several times. Port 0 takes a free one. [default: tcp://127.0.0.1:7070]", HelpName = "URI" };
        var preload = new Option<bool>("--preload") { Description = "Load the tails of all arms before listening, rather than on first use." };
        var profile = new Option<bool>("--profile-tails") { Description = "Load and time the tails of all arms before listening, and tell clients, so that their policies know this server before the first request. Takes up to some 10 s a model." };
        var codecs = SharedOptions.Codecs("Allow clients this codec and no others; one has to be lossless.");
        var command = new ExplainedCommand("serve", "Serves the tails of a model, or of those in a directory.",
            "splitinfer serve squeezenet.onnx",
            "splitinfer serve --models ./models",
            "splitinfer serve --models ./models --listen tcp://127.0.0.1:0 --listen unix:///tmp/splitinfer.sock --preload",
            "splitinfer serve --models ./models --codec Raw --codec ZeroBitmapEntropy --codec Quantized8")
        {
            file, models, listen, preload, profile, codecs, options.Planning,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(file)?.Tokens.Count > 0 == result.GetResult(models) is not null) result.AddError("Name either one .onnx file to serve, or a directory of models with --models DIR.");
        });
        command.SetAction((parsed, cancellationToken) =>
        {
            var single = parsed.GetValue(file) is { } path ? Publish(path, options.PlanOf(parsed), options.ExecutionOf(parsed), terminal) : null;
            Uri[] addresses = [.. (parsed.GetValue(listen) ?? []).Select(static address => Addresses.Parse(address, "--listen"))];
            Action<SplitInferServerOptions> configure = server =>
            {
                if (single is not null) server.Models.Add(single);
                else server.ModelsDirectory = parsed.GetRequiredValue(models)!;
                foreach (var address in addresses) server.Listen.Add(address);
                if (parsed.GetValue(codecs) is { Length: > 0 } names) server.Codecs = names;
                server.PreloadArms = parsed.GetValue(preload);
                server.ProfileTails = parsed.GetValue(profile);
                server.Plan = options.PlanOf(parsed);
                server.Execution = options.ExecutionOf(parsed);
            };
            return RunAsync(configure, parsed.GetValue(file) ?? "MODEL", parsed.GetValue(options.Json), terminal, cancellationToken);
        });
        return command;
    }

    private static PublishedModel Publish(string path, PlanOptions plan, ExecutionOptions execution, Terminal terminal) =>
        new(Path.GetFileNameWithoutExtension(path), OnlyVersion, terminal.While($"Planning {path}", () => ModelFile.Load(path, samples: null, plan, execution)));

    private static async Task RunAsync(Action<SplitInferServerOptions> configure, string model, bool isJson, Terminal terminal, CancellationToken cancellationToken)
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
            var line = ListeningLine.Of(endpoint);
            if (isJson) new JsonLines(terminal.Output).Write(line, LineContext.Default.ListeningLine);
            else terminal.Output.WriteLine($"Listening on {endpoint}; stop with Ctrl+C. Clients: splitinfer run {model} --server {line.Connect}");
        }

        await host.WaitForShutdownAsync(cancellationToken);
    }
}
