using SplitInfer.Client;
using SplitInfer.Emulation;
using SplitInfer.Server;
using VideoStream.Report;
using VideoStream.Video;

namespace VideoStream.Streaming;

/// <summary>A server, a slow device and a link between them in one process; streams over them and writes the page.</summary>
internal static class Demonstration
{
    public static async Task RunAsync(StreamOptions options, TextWriter output)
    {
        var models = Directory.CreateTempSubdirectory("video-stream-").FullName;
        try
        {
            File.Copy(options.Model, Path.Combine(Directory.CreateDirectory(Path.Combine(models, "demo", "1")).FullName, "model.onnx"));
            await using var server = await SplitInferServer.StartAsync(new()
            {
                ModelsDirectory = models,
                Listen = { new Uri("tcp://127.0.0.1:0") },
                PreloadArms = true,
                Execution = { IntraOpThreads = 1 },
            });
            await StreamAsync(options, server.Endpoints[0], output);
        }
        finally
        {
            Directory.Delete(models, recursive: true);
        }
    }

    private static async Task StreamAsync(StreamOptions options, Uri server, TextWriter output)
    {
        var settings = new SplitInferenceOptions
        {
            ModelPath = options.Model,
            Server = server,
            Policy = options.Policy,
            Partition = options.Partition,
            PreloadArms = true,
            Execution = { IntraOpThreads = 1 },
        };
        settings.EmulateDevice(options.Slowdown);
        var link = settings.EmulateLink(LinkConditions.Unlimited.Mbps);
        await using var client = await SplitInferenceClient.CreateAsync(settings);

        var camera = new Camera(client.Plan.Inputs[0]);
        var figures = new ArmFigures(client.Plan.Arms);
        await figures.MeasureAsync(client, camera);
        var frames = await new FrameStream(client, link, camera).RunAsync(options, output);
        link.Conditions = LinkConditions.Unlimited;
        await figures.MeasureAsync(client, camera);

        var report = StreamReport.Of(options, client.Policy, figures, frames);
        await Page.WriteAsync(options.Out, report);
        await output.WriteLineAsync(report.Takeaway);
        await output.WriteLineAsync($"Mean delay {report.MeanMs:F1} ms; the oracle's {report.OracleMeanMs:F1}. The page is {Path.GetFullPath(options.Out)}");
    }
}
