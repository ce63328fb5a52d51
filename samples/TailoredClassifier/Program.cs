// Makes a family of variants of one model, serves it, and asks for the most accurate answer by one deadline after the other, on a device and over a link
// that are slowed on purpose.
//   dotnet run --project samples/TailoredClassifier [-- --model FILE.onnx --photos FOLDER --slowdown X --requests N]
using System.Globalization;
using SplitInfer;
using SplitInfer.Imaging;
using SplitInfer.Partitioning;
using SplitInfer.Server;
using TailoredClassifier;

string? Option(string name) => Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;

var slowdown = double.Parse(Option("--slowdown") ?? "10", CultureInfo.InvariantCulture);
var requests = Math.Max(1, int.Parse(Option("--requests") ?? "12", CultureInfo.InvariantCulture));
var folder = Directory.CreateTempSubdirectory("tailored-").FullName;
try
{
    var model = PartitionedModel.Load(Option("--model") ?? Path.Combine(AppContext.BaseDirectory, "ResNet18.onnx"));
    using var pictures = Pictures.Of(Option("--photos"), ImagePreprocessing.ImageNet.For(model.Plan.Inputs[0]));
    var family = await Variants.TailorAsync(model, pictures, folder);

    var serving = new SplitInferServerOptions { Listen = { new Uri("tcp://127.0.0.1:0") } };
    foreach (var variant in family.Variants) serving.Models.Add(new(variant.Name, "1", PartitionedModel.Load(Path.Combine(folder, variant.File))));
    await using var server = await SplitInferServer.StartAsync(serving);
    return await Deadlines.RunAsync(folder, server.Endpoints[0], pictures, slowdown, requests) ? 0 : 1;
}
catch (Exception error) when (error is SplitInferException or ArgumentException or IOException or FormatException)
{
    Console.Error.WriteLine(error.Message);
    return 1;
}
finally
{
    Directory.Delete(folder, recursive: true);
}
