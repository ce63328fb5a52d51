// Cuts one model at several places between a client and a server, and checks each against the whole model. Then lets the client choose, on a device and
// over a link that are slowed on purpose.
//   dotnet run --project samples/QuickStart [-- --model FILE.onnx --input FILE.npy --alone MILLISECONDS]
using System.Globalization;
using QuickStart;
using SplitInfer.Client;
using SplitInfer.Imaging;
using SplitInfer.Models;
using SplitInfer.Server;
using SplitInfer.Tensors;

string? Option(string name) => Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;

// The server's repository is a folder: <name>/<version>/model.onnx. Client and server use the same file.
var models = Directory.CreateTempSubdirectory("quickstart-").FullName;
var file = Path.Combine(Directory.CreateDirectory(Path.Combine(models, "demo", "1")).FullName, "model.onnx");
File.Copy(Option("--model") ?? Path.Combine(AppContext.BaseDirectory, "ResNet18.onnx"), file);
try
{
    await using var server = await SplitInferServer.StartAsync(new() { ModelsDirectory = models, Listen = { new Uri("tcp://127.0.0.1:0") } });
    await using var client = await SplitInferenceClient.CreateAsync(new() { ModelPath = file, Server = server.Endpoints[0] });
    var plan = client.Plan;
    Console.WriteLine($"{plan.Partitions.Length} partitions, {plan.Arms.Length} arms; 0 runs everything on the server, {plan.AllOnDevice.Index} on the device");

    using var input = Option("--input") is { } path ? TensorFile.Read(path, out _) : MadeUp(plan.Inputs[0]);
    using var whole = await client.InferAsync(input, new() { Partition = plan.AllOnDevice.Index });

    Console.WriteLine($"{"partition",9} {"sent KB",9} {"head ms",9} {"server ms",9} {"total ms",9}  largest difference from the whole");
    var agrees = true;
    foreach (var arm in plan.Arms)
    {
        (await client.InferAsync(input, new() { Partition = arm.Index })).Dispose(); // client and server load their segments on first use
        using var result = await client.InferAsync(input, new() { Partition = arm.Index });
        var t = result.Timings;
        var difference = result.Outputs.Zip(whole.Outputs, (a, b) => TensorDifference.Between(b, a).MaxMixed).Max();
        agrees &= difference < 1e-4;
        Console.WriteLine($"{arm.Index,9} {result.BytesSent / 1024.0,9:F1} {t.Head.TotalMilliseconds,9:F2} {t.Server.TotalSeconds * 1000,9:F2} {t.Total.TotalMilliseconds,9:F2}  {difference:E1}");
    }

    Console.WriteLine(agrees ? "Every partition agrees with the whole model." : "A partition differs from the whole model.");
    var alone = TimeSpan.FromMilliseconds(double.Parse(Option("--alone") ?? "250", CultureInfo.InvariantCulture));
    await using var comparison = new Comparison();
    agrees &= await comparison.RunAsync(file, server.Endpoints[0], input, whole.Outputs, alone);
    return agrees ? 0 : 1;
}
finally
{
    Directory.Delete(models, recursive: true);
}

// A drawn picture for a model that takes pictures, noise for any other with a float32 input of fixed size.
static TensorValue MadeUp(TensorSpec spec)
{
    if (spec.Shape.Dimensions is [1, 3, var height and > 1, var width and > 1])
        return (ImagePreprocessing.ImageNet with { ShorterSide = null }).For(spec).FromPixels(Picture.Draw((int)width, (int)height), (int)width, (int)height, PixelFormat.Rgb24);
    var input = TensorValue.Allocate(spec.Type, new(spec.Shape.Dimensions));
    var random = new Random(7);
    foreach (ref var value in input.Span<float>()) value = (random.NextSingle() * 2) - 1;
    return input;
}
