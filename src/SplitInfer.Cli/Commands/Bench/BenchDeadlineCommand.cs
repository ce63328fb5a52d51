using System.CommandLine;
using System.Globalization;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Partitioning;
using SplitInfer.Policies;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>Measures what clients of a family have by a deadline.</summary>
internal static class BenchDeadlineCommand
{
    private const int InputSeed = 1;

    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var file = new Argument<string>("FAMILY") { Description = "The folder or family.json of a family." };
        var server = new Option<string>("--server") { Description = "The server, a process of its own that holds its variants: splitinfer serve FAMILY.", HelpName = "URI", Required = true };
        var deadlines = new Option<double[]>("--deadline") { Description = "Milliseconds by which an answer is needed; may be given several times.", HelpName = "MS", DefaultValueFactory = static _ => [250] };
        var mean = new Option<double>("--one-way") { Description = "Mean of the way to the server, and of that back, ms. The published ones are 57.87 (campus), 92.02 (home) and 364.66 (LTE).", HelpName = "MS", DefaultValueFactory = static _ => 57.87 };
        var deviation = new Option<double>("--one-way-sd") { Description = "Standard deviation of either, ms; the published ones are 30.79, 48.38 and 170.59.", HelpName = "MS", DefaultValueFactory = static _ => 30.79 };
        var slowdown = new Option<double>("--slowdown") { Description = "How many times as long as this machine the device takes.", HelpName = "X", DefaultValueFactory = static _ => 12 };
        var requests = new Option<int>("--requests") { Description = "Requests of each policy and deadline.", HelpName = "N", DefaultValueFactory = static _ => 1000 };
        var clients = new Option<int>("--clients") { Description = "Clients that share them, each with a link of its own and one request at a time.", HelpName = "N", DefaultValueFactory = static _ => 4 };
        var policies = new Option<string[]>("--policy") { Description = "A policy to measure; may be given several times.", HelpName = "NAME", DefaultValueFactory = static _ => [PolicyNames.MuLinUcb, PolicyNames.MdInferencePaper] };
        var seed = new Option<int>("--seed") { Description = "Seed of the ways.", HelpName = "N", DefaultValueFactory = static _ => 1 };
        deadlines.Require<double>(static limit => limit is > 0 and <= 600_000, "takes a positive number of milliseconds.");
        mean.Require<double>(static way => way is >= 0 and <= 10_000, "takes 0 to 10000.");
        deviation.Require<double>(static way => way is >= 0 and <= 10_000, "takes 0 to 10000.");
        slowdown.Require<double>(static times => times is >= 1 and <= 1000, "takes 1 to 1000.");
        requests.Require<int>(static count => count >= 1, "takes 1 or more.");
        clients.Require<int>(static count => count is >= 1 and <= 64, "takes 1 to 64.");
        var command = new ExplainedCommand("deadline", "Has clients of a family infer by a deadline over a link that jitters, and tells what they have by then.",
            "splitinfer bench deadline family --server tcp://127.0.0.1:7070 --deadline 250 --requests 10000",
            "splitinfer bench deadline family --server tcp://127.0.0.1:7070 --deadline 150 --deadline 250 --one-way 92.02 --one-way-sd 48.38 --json")
        {
            file, server, deadlines, mean, deviation, slowdown, requests, clients, policies, seed, options.Connecting.All,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (lines, isJson) = (new JsonLines(terminal.Output), parsed.GetValue(options.Json));
            var family = FamilyArgument.FamilyOf(parsed.GetRequiredValue(file)) ?? throw new UsageException($"{parsed.GetRequiredValue(file)} is no family: name the folder that 'splitinfer tailor' made.");
            var address = Addresses.Parse(parsed.GetRequiredValue(server), "--server");
            await ServerCheck.RequireAsync(address, options.Connecting.Of(parsed), cancellationToken);
            var model = PartitionedModel.Load(FamilyArgument.MainModelOf(family));
            var settings = new DeadlineSettings
            {
                Family = family,
                Server = address,
                Transport = () => options.Connecting.Of(parsed),
                MakeInputs = () => [.. model.MakeInputs(InputSeed)],
                Policies = parsed.GetValue(policies)!,
                OneWayMeanMs = parsed.GetValue(mean),
                OneWayDeviationMs = parsed.GetValue(deviation),
                Slowdown = parsed.GetValue(slowdown),
                Requests = parsed.GetValue(requests),
                Clients = parsed.GetValue(clients),
                Seed = parsed.GetValue(seed),
            };
            var benchmark = new DeadlineBenchmark(settings, TimeProvider.System);
            var device = new List<DeviceVariantRow>();
            await foreach (var row in benchmark.MeasureDeviceAsync(terminal.Complain, cancellationToken))
            {
                device.Add(row);
                if (isJson) lines.Write(row, LineContext.Default.DeviceVariantRow);
                else Write($"{row.Variant,-24} expected accuracy {row.Accuracy:0.000}, {row.DeviceMs,8:0.0} ms on the device");
            }

            if (!isJson) terminal.Output.WriteLine("policy            deadline ms  requests   late  latest ms  missed  by server  duplicated  accuracy  device alone  as good as that");
            foreach (var deadline in parsed.GetValue(deadlines)!)
            {
                IReadOnlyList<DeadlineRow> rows = [];
                await terminal.TrackAsync($"Requests with {deadline} ms", settings.Requests * settings.Policies.Count,
                    async step => rows = await benchmark.RunAsync(TimeSpan.FromMilliseconds(deadline), device, step, cancellationToken));
                foreach (var row in rows)
                {
                    if (isJson) lines.Write(row, LineContext.Default.DeadlineRow);
                    else Write($"{row.Policy,-17} {row.DeadlineMs,11:0} {row.Requests,9} {row.Late,6} {row.LatestMs,10:0.0} {row.Missed,7} {row.ServerShare * 100,8:0.0} % {row.DuplicateShare * 100,9:0.0} % {row.Accuracy,9:0.0000} {row.DeviceAccuracy,13:0.0000} {row.AsGoodShare * 100,14:0.00} %");
                }
            }

            if (benchmark.ServerFailure is { } failure) terminal.Complain($"A client could not use the server at the end, so that the figures may in part be those of the device: {FailureWords.Of(failure)}");
            if (!isJson) terminal.Output.WriteLine("late: more than 5 ms after the deadline; latest: after the deadline, before it where negative; missed: no answer; duplicated: device and server both ran;\naccuracy: expected, no answer counts as 0; device alone: of the best variant that the device makes in time; as good as that: share of answers at least as accurate");
        });
        return command;

        void Write(FormattableString line) => terminal.Output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
    }
}
