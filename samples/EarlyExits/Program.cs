// Makes exits of a classifier from its own answers, and lets a client use them: how many requests leave early, what that saves, and each answer of one request
// as it comes.
//   dotnet run --project samples/EarlyExits -c Release [-- --model FILE.onnx --samples N --requests N]
using System.Globalization;
using EarlyExits;
using SplitInfer;
using SplitInfer.Client;
using SplitInfer.Exits;
using SplitInfer.Imaging;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Exits;

string? Option(string name) => Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;
int Number(string name, string standard) => int.Parse(Option(name) ?? standard, CultureInfo.InvariantCulture);

var folder = Directory.CreateTempSubdirectory("exits-").FullName;
try
{
    var (samples, requests) = (Number("--samples", "200"), Number("--requests", "60"));
    var file = Option("--model") ?? Path.Combine(AppContext.BaseDirectory, "ResNet18.onnx");
    var model = PartitionedModel.Load(file);
    var preprocessing = ImagePreprocessing.ImageNet.For(model.Plan.Inputs[0]);

    Console.WriteLine($"Making exits of {samples} pictures without labels ...");
    var made = await ExitMaker.MakeAsync(model, new Views(preprocessing, first: 0, samples), new() { MaxLoss = 0.05, MaxFeatures = 512, MaxSteps = 30 });
    foreach (var exit in made.Exits.Exits) Console.WriteLine($"exit on cut {exit.Partition}: {exit.ExitRate:P1} of the pictures leave there, and {exit.Agreement:P1} would be answered as the model does if all did");
    Console.WriteLine($"At most {made.Exits.Promise.LossHigh:P1} of answers are others than the model's, with {made.Exits.Promise.Confidence:P0} confidence.");
    var exits = Path.Combine(folder, "model.exits.json");
    ExitsFile.Save(exits, made.Exits);

    // Without a server, everything that an exit does not answer runs here as well. Name one with Server, and the policy chooses among the cuts, too.
    var judged = new Views(preprocessing, first: samples, requests);
    var comparison = new Comparison(model, judged);
    await using var without = await SplitInferenceClient.CreateAsync(new() { ModelPath = file });
    await using var with = await SplitInferenceClient.CreateAsync(new() { ModelPath = file, Exits = exits });
    var agrees = await comparison.RunAsync(without, with, 1 - made.Exits.Promise.LossHigh);
    await comparison.WatchAsync(with);
    return agrees ? 0 : 1;
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
