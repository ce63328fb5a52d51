using System.CommandLine;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SplitInfer.Cli.Commands.Serve;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Fleet;
using SplitInfer.Fleet.Priors;

namespace SplitInfer.Cli.Commands.Coordinate;

/// <summary>Runs a silo that coordinates the servers of a region, until it is told to stop.</summary>
internal static class CoordinateCommand
{
    private const LogLevel DefaultLogLevel = LogLevel.Information;

    private static readonly (string Property, string Option)[] Words =
    [
        (nameof(FleetOptions.AllowInsecure), "--insecure"),
        (nameof(FleetOptions.SiloPort), "--silo-port"),
        (nameof(FleetOptions.GatewayPort), "--gateway-port"),
        (nameof(FleetOptions.Address), "--address"),
        (nameof(FleetOptions.Region), "--region"),
        ("Redis names", "--redis names"),
    ];

    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var defaults = new FleetOptions();
        var redis = new Option<string?>("--redis") { Description = "The Redis by which silos and servers find each other, and which keeps who the servers are. Without it the silo is the only one.", HelpName = "HOST:PORT" };
        var region = new Option<string>("--region") { Description = "The region whose servers are coordinated: letters, digits, dots, hyphens and underscores.", HelpName = "NAME", DefaultValueFactory = _ => defaults.Region };
        var address = new Option<string>("--address") { Description = "The address of this machine at which other silos and servers reach this one.", HelpName = "IP", DefaultValueFactory = _ => defaults.Address };
        var siloPort = new Option<int>("--silo-port") { Description = "The port for other silos.", HelpName = "N", DefaultValueFactory = _ => defaults.SiloPort };
        var gatewayPort = new Option<int>("--gateway-port") { Description = "The port for servers.", HelpName = "N", DefaultValueFactory = _ => defaults.GatewayPort };
        var insecure = new Option<bool>("--insecure") { Description = "Take an --address that other machines reach, though silos have neither keys nor TLS: for networks that are trusted themselves." };
        var logLevel = ServeCommand.LogLevels(DefaultLogLevel);
        var command = new ExplainedCommand("coordinate", "Coordinates the servers of a region: tells each what its time costs, by which it chooses how deep requests run.",
            "splitinfer coordinate",
            "splitinfer coordinate --redis 127.0.0.1:6379 --region eu-west",
            "splitinfer coordinate --redis 127.0.0.1:6379 --region eu-west --silo-port 11112 --gateway-port 30001")
        {
            redis, region, address, siloPort, gatewayPort, insecure, logLevel,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            var fleet = new FleetOptions
            {
                Redis = parsed.GetValue(redis), Region = parsed.GetRequiredValue(region), Address = parsed.GetRequiredValue(address), SiloPort = parsed.GetValue(siloPort),
                GatewayPort = parsed.GetValue(gatewayPort), AllowInsecure = parsed.GetValue(insecure),
            };
            try
            {
                fleet.Validate();
            }
            catch (ArgumentException error)
            {
                throw new UsageException(Typed(error.Message));
            }

            return RunAsync(fleet, parsed.GetValue(logLevel) is { } level ? Enum.Parse<LogLevel>(level, ignoreCase: true) : DefaultLogLevel, parsed.GetValue(options.Json), terminal, cancellationToken);
        });
        return command;
    }

    /// <summary>A message about options, with their names as they are typed.</summary>
    private static string Typed(string message) => Words.Aggregate(message, static (text, known) => text.Replace(known.Property, known.Option, StringComparison.Ordinal));

    private static async Task RunAsync(FleetOptions fleet, LogLevel logLevel, bool isJson, Terminal terminal, CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        ServeCommand.LogToErrors(builder.Logging, logLevel);
        // What it says of silos, Redis and time is told by SplitInfer in a sentence each, and what keeps the silo from starting at the end.
        if (logLevel > LogLevel.Debug) builder.Logging.AddFilter("Orleans", LogLevel.None);
        builder.UseSplitInferFleet(options =>
        {
            (options.Redis, options.Region, options.Address, options.SiloPort, options.GatewayPort, options.AllowInsecure, options.KindPriors) =
                (fleet.Redis, fleet.Region, fleet.Address, fleet.SiloPort, fleet.GatewayPort, fleet.AllowInsecure, new KindPriorAdder());
        });
        using var host = builder.Build();
        try
        {
            await host.StartAsync(cancellationToken);
        }
        catch (FleetPortException error)
        {
            throw new IOException(Typed(error.Message), error);
        }
        catch (Exception error) when (Inner<SocketException>(error) is { } socket)
        {
            throw new IOException($"The silo cannot listen at {fleet.Address}: {socket.Message}. Name an address of this machine with --address.", error);
        }
        catch (Exception error) when (error is not FleetException && Inner<FleetException>(error) is { } known)
        {
            throw known;
        }

        var line = CoordinatorLine.Of(fleet);
        if (isJson) new JsonLines(terminal.Output).Write(line, LineContext.Default.CoordinatorLine);
        else terminal.Output.WriteLine($"Coordinating region {line.Region} at {line.Silo}; stop with Ctrl+C. Servers: splitinfer serve --models DIR --coordinate {line.Coordinate}");
        await host.WaitForShutdownAsync(cancellationToken);
    }

    private static T? Inner<T>(Exception? error) where T : Exception
    {
        for (; error is not null; error = error.InnerException)
            if (error is T found) return found;
        return null;
    }
}
