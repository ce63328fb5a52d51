// Streams frames through a model between a client and a server, one at a time and several at a time, and prints how many a second come through.
//   dotnet run --project samples/Stream -c Release [-- --model FILE.onnx --input FOLDER --frames N --slowdown X --mbps X]
using System.Diagnostics;
using System.Globalization;
using FrameStream;
using SplitInfer;
using SplitInfer.Client;
using SplitInfer.Client.Streams;
using SplitInfer.Emulation;
using SplitInfer.Partitioning;
using SplitInfer.Server;

string? Option(string name) => Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;
double Number(string name, double standard) => Option(name) is { } text ? double.Parse(text, CultureInfo.InvariantCulture) : standard;

// The server's repository is a folder: <name>/<version>/model.onnx. Client and server use the same file.
var models = Directory.CreateTempSubdirectory("stream-").FullName;
var file = Path.Combine(Directory.CreateDirectory(Path.Combine(models, "demo", "1")).FullName, "model.onnx");
try
{
    File.Copy(Option("--model") ?? Path.Combine(AppContext.BaseDirectory, "ResNet18.onnx"), file);
    await using var server = await SplitInferServer.StartAsync(new() { ModelsDirectory = models, Listen = { new Uri("tcp://127.0.0.1:0") } });
    var model = PartitionedModel.Load(file);
    using var frames = Frames.Open(Option("--input"), model.Plan.Inputs[0]);
    var (count, slowdown, mbps) = ((int)Number("--frames", 60), Number("--slowdown", 4), Number("--mbps", 30));
    Console.WriteLine($"{count} frames, on a device {slowdown} times slower than this machine, over a link with {mbps} Mbit/s");

    // One request after the other: the link is idle while the device works, and the other way round.
    var alone = new Tally();
    await using (var client = await ConnectAsync())
    {
        await foreach (var frame in frames.TakeAsync(count))
        {
            var clock = Stopwatch.StartNew();
            using var result = await client.InferAsync(frame);
            alone.Add(result, clock.Elapsed);
        }
    }

    Console.WriteLine($"{"one at a time",-18} {alone}");

    // Several at a time: how many, and which routes they take, the planner finds out.
    var streamed = new Tally();
    await using (var client = await ConnectAsync())
    {
        await foreach (var frame in client.InferStreamAsync(frames.TakeAsync(count)))
        {
            using (frame)
            {
                // A frame that has failed has none; with StreamOptions.MaxLatency or WhenBehind also one that was too late, or was dropped.
                if (frame.Result is { } result) streamed.Add(result, frame.Latency);
                else Console.WriteLine($"frame {frame.Frame}: {frame.Failure?.Message}");
            }
        }
    }

    Console.WriteLine($"{"several in flight",-18} {streamed}");
    Console.WriteLine($"{streamed.FramesPerSecond / alone.FramesPerSecond:F1} times as many frames a second come through.");
    return 0;

    ValueTask<SplitInferenceClient> ConnectAsync()
    {
        var options = new SplitInferenceOptions { Server = server.Endpoints[0], PreloadArms = true };
        options.EmulateDevice(slowdown);
        options.EmulateLink(mbps, TimeSpan.FromMilliseconds(10));
        return SplitInferenceClient.CreateAsync(options, model);
    }
}
catch (Exception error) when (error is SplitInferException or ArgumentException or IOException or FormatException)
{
    Console.Error.WriteLine(error.Message);
    return 1;
}
finally
{
    Directory.Delete(models, recursive: true);
}
