// Streams frames through a model between a client and a server, one at a time and several at a time, and prints how many a second come through.
//   dotnet run --project samples/Stream -c Release [-- --model FILE.onnx --input FOLDER --frames N --slowdown X --mbps X]
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

    // null leaves it to the planner how many are in flight.
    var rates = new List<double>();
    foreach (var inFlight in (int?[])[1, null])
    {
        var options = new SplitInferenceOptions { Server = server.Endpoints[0], PreloadArms = true };
        options.EmulateDevice(slowdown);
        options.EmulateLink(mbps, TimeSpan.FromMilliseconds(10));
        await using var client = await SplitInferenceClient.CreateAsync(options, model);
        var tally = new Tally();
        await foreach (var result in client.InferStreamAsync(frames.TakeAsync(count), new StreamOptions { MaxInFlight = inFlight }))
            using (result) tally.Add(result);
        rates.Add(tally.FramesPerSecond);
        Console.WriteLine($"{(inFlight is null ? "several in flight" : "one at a time"),-18} {tally}");
    }

    Console.WriteLine($"{rates[1] / rates[0]:F1} times as many frames a second come through.");
    return 0;
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
