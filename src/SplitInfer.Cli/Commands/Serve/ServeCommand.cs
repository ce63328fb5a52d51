using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using SplitInfer.AspNetCore;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Exporting;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Emulation;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Protocol.Endpoints;
using SplitInfer.Server;

namespace SplitInfer.Cli.Commands.Serve;

/// <summary>Serves the tails of a model, or of those in a directory, until it is told to stop.</summary>
internal static class ServeCommand
{
    private const string OnlyVersion = "1";
    private const string TraceRatioSetting = "Serve.TraceRatio";

    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var file = new Argument<string[]>("MODEL") { Description = "An .onnx file, served under its name as version 1 with the early exits of an exits.json beside it, or several; or the folder or family.json of a family, of which all variants are served. Or give --models.", Arity = ArgumentArity.ZeroOrMore };
        var models = new Option<string?>("--models") { Description = "The model repository: <name>/<version>/model.onnx below this directory, with its early exits, if it has any, as exits.json beside it.", HelpName = "DIR" };
        var listen = new Option<string[]>("--listen") { Description = "Where to listen, such as tcp://127.0.0.1:7070, tls://0.0.0.0:7070, unix:///run/splitinfer.sock, or ws://127.0.0.1:8080/infer and wss://0.0.0.0:443/infer behind HTTP proxies; may be given several times. Port 0 takes a free one. [default: tcp://127.0.0.1:7070]", HelpName = "URI" };
        var http = new Option<string?>("--http") { Description = "Where to answer HTTP: the Open Inference Protocol (KServe v2) with whole models, such as http://127.0.0.1:8080 or https://0.0.0.0:8443. Port 0 takes a free one.", HelpName = "URI" };
        var grpc = new Option<string?>("--grpc") { Description = "Where to answer gRPC: the same protocol over HTTP/2, such as http://127.0.0.1:8081 or https://0.0.0.0:8444. Where --http is https://, that address has it as well.", HelpName = "URI" };
        var preload = new Option<bool>("--preload") { Description = "Load the tails of all arms before listening, rather than on first use." };
        var profile = new Option<bool>("--profile-tails") { Description = "Load and time the tails of all arms before listening, and tell clients, so that their policies know this server before the first request. Takes up to some 10 s a model." };
        var maxBatch = new Option<int?>("--max-batch") { Description = $"The most requests that run together, where some wait, that is faster and no deadline is missed for it; with 1 each runs alone. [default: {new SplitInferServerOptions().MaxBatch}]", HelpName = "N" };
        var batchWithin = new Option<double?>("--batch-within") { Description = "For how many milliseconds a request leaves a free place alone so that others come which can run together with it. [default: 0, never]", HelpName = "MS" };
        maxBatch.Require<int>(static count => count is >= 1 and <= 256, "takes 1 to 256.");
        batchWithin.Require<double>(static ms => ms is >= 0 and <= 10_000, "takes 0 to 10000.");
        var codecs = SharedOptions.Codecs("Allow clients this codec and no others; one has to be lossless.");
        var pictures = new ImageCodecOptions("Know codecs of pictures as well, and allow them:", "Needed where the codecs are not given by whole names.");
        var certificate = ConnectionOptions.File("--tls-cert", "The certificate that tls://, wss:// and https:// addresses show, in PEM form; looked at again when it changes.");
        var certificateKey = ConnectionOptions.File("--tls-key", "The key of --tls-cert, in PEM form.");
        var authorities = ConnectionOptions.File("--tls-client-ca", "The authorities that sign the certificates of clients, in PEM form: tls://, wss:// and https:// then accept no others.");
        var keys = ConnectionOptions.File("--keys", "The keys that clients may have, a name and a key in each line: others are refused. Looked at again when it changes.");
        var insecure = new Option<bool>("--insecure") { Description = "Listen where other machines reach it without TLS, or without knowing the clients: for networks that are trusted themselves." };
        var coordinate = new Option<string?>("--coordinate") { Description = "The coordinator that tells this server and others what their time costs, for models with early exits: redis://HOST:PORT/REGION for silos that are found through Redis, orleans://HOST:PORT/REGION for one silo, as 'splitinfer coordinate' prints it, or local. [default: local, one in this process]", HelpName = "URI" };
        coordinate.Validators.Add(static result =>
        {
            foreach (var token in result.Tokens)
                if (CoordinatorAddress.FaultOf(token.Value) is { } fault) result.AddError($"--coordinate {fault}");
        });
        var export = new ExportOptions(ExportedSources.ServerService, ServeSettings.DefaultTraceRatio);
        var configuration = ServerConfiguration.Option();
        var limits = ServerConfiguration.Limits();
        var watch = new Option<bool>("--watch") { Description = "Publish models that appear in the directory, and retire those that go, while the server runs. This is the default." };
        var noWatch = new Option<bool>("--no-watch") { Description = "Read the directory when the server starts and never again." };
        var noTrial = new Option<bool>("--no-trial") { Description = "Plan the models of the directory in this process at once, rather than first in one of their own, which a model whose kernels crash ends in its place." };
        var trialSeconds = new Option<double?>("--trial-seconds") { Description = $"How long the process that tries a model may take. [default: {new ServeSettings().TrialSeconds}]", HelpName = "S" };
        var trialBytes = new Option<long?>("--trial-bytes") { Description = "The most memory that the process that tries a model may have. [default: half of what there is, shared by those that run at a time]", HelpName = "N" };
        // For benchmarks: a model that takes longer tells more of who decides.
        var slowdown = new Option<double>("--slowdown") { Hidden = true, DefaultValueFactory = static _ => 1 };
        var noPrices = new Option<bool>("--no-prices") { Hidden = true };
        slowdown.Require<double>(static factor => factor is >= 1 and <= 1e6, "takes 1 or more.");
        var logLevel = LogLevels(new ServeSettings().LogLevel);
        var print = new Option<bool>("--print-config") { Description = "Print every option with its value, where that comes from, and whether a running server takes up a change; then end. Options that cannot be used are told." };
        (Option Option, string Setting)[] settings =
        [
            (models, "ModelsDirectory"), (listen, "Listen"), (http, "Http"), (grpc, "Grpc"), (preload, "PreloadArms"), (profile, "ProfileTails"), (maxBatch, "MaxBatch"), (batchWithin, "BatchWithin"), (codecs, "Codecs"), (pictures.Codecs, "Serve.ImageCodecs"), (watch, "WatchModels"), (noWatch, "WatchModels"),
            (certificate, "Security.CertificateFile"), (certificateKey, "Security.CertificateKeyFile"), (authorities, "Security.ClientCaFile"), (keys, "Security.KeysFile"), (insecure, "Security.AllowInsecure"),
            (noTrial, "Serve.TryModels"), (trialSeconds, "Serve.TrialSeconds"), (trialBytes, "Serve.TrialBytes"), (logLevel, "Serve.LogLevel"), (coordinate, "Serve.Coordinate"), (export.Address, "Serve.Otlp"), (export.Ratio, "Serve.TraceRatio"),
            (options.Dimensions, "Plan.DimensionSizes"), (options.MaxBoundaryTensors, "Plan.MaxBoundaryTensors"), (options.MinDepth, "Plan.MinDepth"), (options.MaxUploadBytes, "Plan.MaxUploadBytes"),
            (options.MaxMeasureSeconds, "Plan.MaxMeasureTime"), (options.MaxMeasureBytes, "Plan.MaxMeasureBytes"), (options.Fed, "Plan.FedInitializers"),
            (options.Threads, "Execution.IntraOpThreads"), (options.CustomOperators, "Execution.CustomOperatorLibraries"),
        ];
        trialSeconds.Require<double>(static seconds => seconds is > 0 and < 1e6, "takes more than 0.");
        trialBytes.Require<long>(static count => count > 0, "takes 1 or more.");
        var command = new ExplainedCommand("serve", "Serves the tails of a model, or of those in a directory.",
            "splitinfer serve squeezenet.onnx",
            "splitinfer serve family",
            "splitinfer serve --models ./models",
            "splitinfer serve --models ./models --listen tcp://127.0.0.1:0 --listen unix:///tmp/splitinfer.sock --preload",
            "splitinfer serve --models ./models --listen tls://0.0.0.0:7070 --tls-cert tls.crt --tls-key tls.key --keys keys.txt",
            "splitinfer serve --models ./models --listen ws://127.0.0.1:8080/infer",
            "splitinfer serve --models ./models --http http://127.0.0.1:8080 --grpc http://127.0.0.1:8081",
            "splitinfer serve --models ./models --limit MaxConnections=64 --limit MaxRunTime=00:00:10",
            "splitinfer serve --config server.json",
            "splitinfer serve --config server.json --print-config",
            "splitinfer serve --models ./models --coordinate redis://127.0.0.1:6379/eu-west",
            "splitinfer serve --models ./models --otlp http://127.0.0.1:4318",
            "splitinfer serve --models ./models --codec Raw --codec ZeroBitmapEntropy --codec Quantized8",
            "splitinfer serve squeezenet.onnx --image-codecs jpeg:95,png --preprocessing ImageNetCaffe")
        {
            file, models, listen, http, grpc, preload, profile, maxBatch, batchWithin, codecs, pictures.All, certificate, certificateKey, authorities, keys, insecure,
            configuration, limits, watch, noWatch, noTrial, trialSeconds, trialBytes, logLevel, coordinate, export.All, print, slowdown, noPrices, options.Planning,
        };
        command.Validators.Add(result =>
        {
            var (hasFile, hasDirectory) = (result.GetResult(file)?.Tokens.Count > 0, result.GetResult(models) is not null);
            if (hasFile ? hasDirectory : !hasDirectory && result.GetResult(configuration) is null && result.GetResult(print) is null && !IsDirectoryInEnvironment) result.AddError("Name either .onnx files to serve, or a directory of models with --models DIR.");
            if (result.GetResult(watch) is not null && result.GetResult(noWatch) is not null) result.AddError("Give --watch or --no-watch, not both.");
        });
        command.SetAction((parsed, cancellationToken) =>
        {
            Uri[] addresses = [.. (parsed.GetValue(listen) ?? []).Select(static address => Addresses.Parse(address, "--listen"))];
            string[] limited = parsed.GetValue(limits) ?? [];
            var configured = ServerConfiguration.Read(parsed.GetValue(configuration));
            var origins = new SettingOrigins(settings, configured, limited, parsed);
            var serve = new ServeSettings();
            string[] images = [.. pictures.Of(parsed).Select(static codec => codec.Name)];
            Action<SplitInferServerOptions> configure = server =>
            {
                ServerConfiguration.Apply(server, serve, configured, limited);
                ServerConfiguration.ApplyShared(server, options, parsed);
                server.ModelsDirectory = parsed.GetValue(models) ?? server.ModelsDirectory;
                if (addresses.Length > 0) server.Listen.Clear();
                foreach (var address in addresses) server.Listen.Add(address);
                if (parsed.GetValue(codecs) is { Length: > 0 } names) server.Codecs = names;
                if (images.Length > 0) serve.ImageCodecs = images;
                server.KnownCodecs = CodecNames.Registry([.. serve.ImageCodecs ?? [], .. server.Codecs ?? []]);
                if (server.Codecs is { } allowed && serve.ImageCodecs is { } known) server.Codecs = [.. allowed.Union(known)];
                if (parsed.GetValue(http) is { } web) server.Http = Addresses.Parse(web, "--http");
                if (parsed.GetValue(grpc) is { } calls) server.Grpc = Addresses.Parse(calls, "--grpc");
                server.UseKestrel(HttpHost.Map, HttpHost.AddServices);
                server.PreloadArms |= parsed.GetValue(preload);
                server.ProfileTails |= parsed.GetValue(profile);
                server.MaxBatch = parsed.GetValue(maxBatch) ?? server.MaxBatch;
                if (parsed.GetValue(batchWithin) is { } ms) server.BatchWithin = TimeSpan.FromMilliseconds(ms);
                server.WatchModels = parsed.GetValue(watch) || (server.WatchModels && !parsed.GetValue(noWatch));
                serve.TryModels &= !parsed.GetValue(noTrial);
                (serve.TrialSeconds, serve.TrialBytes) = (parsed.GetValue(trialSeconds) ?? serve.TrialSeconds, parsed.GetValue(trialBytes) ?? serve.TrialBytes);
                (serve.Otlp, serve.TraceRatio) = (parsed.GetValue(export.Address) ?? serve.Otlp, parsed.GetValue(export.Ratio) ?? serve.TraceRatio);
                if (parsed.GetValue(logLevel) is { } level) serve.LogLevel = Enum.Parse<LogLevel>(level, ignoreCase: true);
                if (parsed.GetValue(slowdown) is > 1 and var factor) server.Execution.WrapRunner = new EmulatedDevice(factor).Wrap;
                if (parsed.GetValue(noPrices)) server.Coordination = new NoPrices();
                serve.Coordinate = parsed.GetValue(coordinate) ?? serve.Coordinate;
                serve.Validate();
                if (serve.TryModels)
                {
                    server.ModelTrial = new TrialProcess(
                        [.. SharedOptions.Typed(parsed, [configuration, options.Threads, .. options.Planning])], TimeSpan.FromSeconds(serve.TrialSeconds),
                        serve.TrialBytes ?? ServeSettings.DefaultTrialBytes(server.MaxConcurrentTrials));
                }

                var security = server.Security;
                (security.CertificateFile, security.CertificateKeyFile) = (parsed.GetValue(certificate) ?? security.CertificateFile, parsed.GetValue(certificateKey) ?? security.CertificateKeyFile);
                (security.ClientCaFile, security.KeysFile) = (parsed.GetValue(authorities) ?? security.ClientCaFile, parsed.GetValue(keys) ?? security.KeysFile);
                security.AllowInsecure |= parsed.GetValue(insecure);
            };
            var told = Check(configure, origins);
            if (serve is { Otlp: null, TraceRatio: not null } && !OtlpSettings.IsInEnvironment && origins.Of(TraceRatioSetting).Source != SettingOrigins.CommandLine)
                throw UsageException.OfSetting(origins.PlaceOf(TraceRatioSetting), $"{TraceRatioSetting} needs a collector: name one by Serve.Otlp, or by OTEL_EXPORTER_OTLP_ENDPOINT.");
            var otlp = export.Of(serve.Otlp, serve.TraceRatio);
            if (parsed.GetValue(print))
            {
                ConfigurationTable.Write(ConfigurationTable.LinesOf(told, serve, origins), terminal, parsed.GetValue(options.Json));
                return Task.CompletedTask;
            }

            CheckFiles(told.Security, origins);
            var named = parsed.GetValue(file) ?? [];
            if (named.Length > 0)
            {
                PublishedModel[] given = [.. named.SelectMany(FamilyArgument.ModelsOf).Distinct(StringComparer.Ordinal).Select(path => Publish(path, told.Plan, told.Execution, terminal))];
                if (given.GroupBy(static model => model.Name).FirstOrDefault(static group => group.Count() > 1) is { } twice)
                    throw new UsageException($"Two of the files would be served as '{twice.Key}'; rename one, or serve a directory with --models.");
                var checkedOptions = configure;
                configure = server =>
                {
                    checkedOptions(server);
                    foreach (var model in given) server.Models.Add(model);
                };
            }

            return RunAsync(configure, serve.LogLevel, serve.Coordinate, otlp, named is [var only] ? only : "MODEL", parsed.GetValue(options.Json), terminal, cancellationToken);
        });
        return command;
    }

    private static bool IsDirectoryInEnvironment => Environment.GetEnvironmentVariable(ConfiguredSettings.VariableOf(nameof(SplitInferServerOptions.ModelsDirectory))) is { Length: > 0 };

    /// <summary>The option that says what is logged.</summary>
    /// <param name="least">The level where it is not given.</param>
    internal static Option<string?> LogLevels(LogLevel least)
    {
        string[] levels = Enum.GetNames<LogLevel>();
        return new("--log-level") { Description = $"The least level of what is logged: {string.Join(", ", levels)}. [default: {least}]", HelpName = "LEVEL", CustomParser = new KnownName("level", "levels", levels).Single };
    }

    /// <summary>Says what is wrong with the options, and where that stands, before a host is built of them and a model is read.</summary>
    private static SplitInferServerOptions Check(Action<SplitInferServerOptions> configure, SettingOrigins origins)
    {
        var server = new SplitInferServerOptions();
        try
        {
            configure(server);
            server.Validate();
        }
        catch (ArgumentException error)
        {
            throw origins.Explain(error.Message);
        }

        if (!server.KnownCodecs.Allow(server.Codecs).All.Any(static codec => codec.IsLossless))
            throw origins.Explain("Codecs has no lossless codec, and results are sent back without loss. Allow Raw as well, or ZeroBitmapEntropy where raw uploads are not wanted.");
        return server;
    }

    /// <summary>Reads the files with certificates and keys, so that what is wrong with one is told with what names it.</summary>
    private static void CheckFiles(ServerSecurityOptions security, SettingOrigins origins)
    {
        (string Setting, ServerSecurityOptions Files)[] parts =
        [
            (nameof(security.CertificateFile), new() { CertificateFile = security.CertificateFile, CertificateKeyFile = security.CertificateKeyFile }),
            (nameof(security.ClientCaFile), new() { ClientCaFile = security.ClientCaFile }),
            (nameof(security.KeysFile), new() { KeysFile = security.KeysFile }),
        ];
        foreach (var (setting, files) in parts)
        {
            try
            {
                files.ValidateFiles();
            }
            catch (SecurityFileException error)
            {
                throw new IOException($"{origins.PlaceOf($"Security.{setting}")}: {error.Message}", error);
            }
        }
    }

    private static PublishedModel Publish(string path, PlanOptions plan, ExecutionOptions execution, Terminal terminal)
    {
        var model = terminal.While($"Planning {path}", () => ModelFile.Load(path, samples: null, plan, execution));
        return new(Path.GetFileNameWithoutExtension(path), OnlyVersion, model) { Exits = ExitsBeside.Read(model, path, terminal.Complain) };
    }

    /// <summary>Logs to standard error: standard output is for what programs read. What keeps the host from starting is told once, in a sentence.</summary>
    internal static void LogToErrors(ILoggingBuilder logging, LogLevel logLevel)
    {
        logging.SetMinimumLevel(logLevel).AddFilter("Microsoft", logLevel > LogLevel.Warning ? logLevel : LogLevel.Warning).AddFilter("Microsoft.Extensions.Hosting", LogLevel.None)
            .AddSimpleConsole(static console => (console.SingleLine, console.UseUtcTimestamp, console.TimestampFormat) = (true, true, "yyyy-MM-dd'T'HH:mm:ss.fff'Z' "));
        logging.Services.Configure<ConsoleLoggerOptions>(static console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }

    private static async Task RunAsync(Action<SplitInferServerOptions> configure, LogLevel logLevel, string? coordinator, OtlpSettings? export, string model, bool isJson, Terminal terminal, CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        if (export is not null) builder.AddOtlp(export);
        builder.Services.AddSplitInferServer(configure);
        CoordinatorAddress.Add(builder.Services, coordinator);
        LogToErrors(builder.Logging, logLevel);
        // The server says when the coordinator does not answer, and why.
        builder.Logging.AddFilter("Orleans", LogLevel.None);
        using var host = builder.Build();
        await host.StartAsync(cancellationToken);
        var security = host.Services.GetRequiredService<IOptions<SplitInferServerOptions>>().Value.Security;
        var server = host.Services.GetRequiredService<SplitInferServer>();
        foreach (var endpoint in server.Endpoints)
        {
            var line = ListeningLine.Of(endpoint, security);
            if (isJson) new JsonLines(terminal.Output).Write(line, LineContext.Default.ListeningLine);
            else terminal.Output.WriteLine($"Listening on {endpoint}; stop with Ctrl+C. Clients: splitinfer run {model} --server {line.Connect}{(line.Options.Length > 0 ? $" {line.Options}" : "")}");
        }

        if (!isJson)
        {
            ServedModelStatus[] withExits = [.. server.Models.Where(static served => !served.Exits.IsEmpty)];
            foreach (var served in withExits) terminal.Output.WriteLine($"{served.Name} {served.Version} has exits {string.Join(", ", served.Exits)}");
            if (coordinator is not null and not CoordinatorAddress.Local)
                terminal.Output.WriteLine($"The coordinator is {CoordinatorAddress.Shown(coordinator)}, {(withExits.Length > 0 ? "asked once a second; the log says when it answers and when it does not" : "which is asked nothing while no model has exits")}");
        }

        if (server.HttpEndpoint is { } http)
        {
            var line = ListeningLine.Of(http, security);
            if (isJson) new JsonLines(terminal.Output).Write(line, LineContext.Default.ListeningLine);
            else terminal.Output.WriteLine($"Answering HTTP on {http}: curl {line.Options}{(line.Options.Length > 0 ? " " : "")}{line.Connect}/v2");
        }

        if (server.GrpcEndpoint is { } grpc)
        {
            var line = ListeningLine.Of(grpc, security);
            if (isJson) new JsonLines(terminal.Output).Write(line, LineContext.Default.ListeningLine);
            else terminal.Output.WriteLine($"Answering gRPC on {grpc}, the service inference.GRPCInferenceService");
        }

        await host.WaitForShutdownAsync(cancellationToken);
    }
}
