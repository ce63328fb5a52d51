// Streams video through a model that is split between a slow device and a server, over a link that worsens and recovers, and
// writes a page that shows what every frame cost and what it might have cost.
//   dotnet run --project samples/VideoStream -c Release [-- --help]
using SplitInfer.Client;
using SplitInfer.Server;
using SplitInfer.Testing;
using SplitInfer.Testing.Execution;
using SplitInfer.Testing.Link;
using SplitInfer.Testing.Networks;
using VideoStream;
using VideoStream.Report;
using VideoStream.Streaming;
using VideoStream.Video;

if (StreamOptions.Parse(args) is not { } options) return 2;

using var models = new TestFolder();
var model = models["demo/1/model.onnx"];
if (options.Model is { } given) File.Copy(given, model);
else MobileNetV2.Build().Save(model);

await using var server = await SplitInferServer.StartAsync(new()
{
    ModelsDirectory = models.Path,
    Listen = { new Uri("tcp://127.0.0.1:0") },
    PreloadArms = true,
    Execution = { IntraOpThreads = 1 },
});
await using var link = ShapedLink.Start(server.Endpoints[0], LinkConditions.Unlimited);
await using var client = await SplitInferenceClient.CreateAsync(new()
{
    ModelPath = model,
    Server = link.Address,
    Policy = options.Policy,
    Partition = options.Partition,
    PreloadArms = true,
    Execution = { IntraOpThreads = 1, WrapRunner = runner => new SlowRunner(runner, options.Slowdown) },
});

var camera = new Camera(client.Plan.Inputs[0]);
var stream = new FrameStream(client, link, camera);
var figures = new ArmFigures(client.Plan.Arms);
await figures.MeasureAsync(client, camera);
var frames = await stream.RunAsync(options, Console.Out);
link.Conditions = LinkConditions.Unlimited;
await figures.MeasureAsync(client, camera);

var report = StreamReport.Of(options, client.Policy, figures, frames);
await Page.WriteAsync(options.Out, report);
Console.WriteLine($"Mean delay {report.MeanMs:F1} ms; the oracle's {report.OracleMeanMs:F1}. The page is {Path.GetFullPath(options.Out)}");
return 0;
