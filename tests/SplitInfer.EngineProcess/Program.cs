// An application of a few lines, for tests of what a process has one of. It runs a model that reshapes 6 numbers, on the device, and prints
// the dimensions of the result, or the type and text of the error.
//   SplitInfer.EngineProcess MODEL ENVIRONMENT SHARED ROWS COLUMNS
// or serves it to itself, with a bound for the memory of runs, and asks for a tensor of so many numbers, and then for one of one.
//   SplitInfer.EngineProcess MODELS bounded BYTES NUMBERS
using Microsoft.ML.OnnxRuntime;
using SplitInfer;
using SplitInfer.Client;
using SplitInfer.Policies;
using SplitInfer.Server;
using SplitInfer.Tensors;

if (args[1] == "bounded")
{
    var options = new SplitInferServerOptions { ModelsDirectory = args[0], Limits = { MaxRunMemoryBytes = long.Parse(args[2]) } };
    options.Listen.Add(new("tcp://127.0.0.1:0"));
    await using var server = await SplitInferServer.StartAsync(options);
    foreach (var number in (long[])[long.Parse(args[3]), 1])
    {
        // A client of its own for each, since one that was refused does without the server for a while.
        await using var asking = await SplitInferenceClient.CreateAsync(new()
        {
            ModelPath = Directory.GetFiles(args[0], "model.onnx", SearchOption.AllDirectories)[0],
            Server = server.Endpoints[0],
            OnServerFailure = OnServerFailure.Throw,
        });
        using var x = TensorValue.From<float>([1], 1);
        using var size = TensorValue.From<long>([number], 1);
        try
        {
            using var result = await asking.InferAsync(new Dictionary<string, TensorValue> { ["x"] = x, ["size"] = size }, new() { Partition = 0 });
            Console.WriteLine(result.Outputs[0].Shape);
        }
        catch (SplitInferException error)
        {
            Console.WriteLine(error.GetType().Name);
        }
    }

    return;
}

switch (args[1])
{
    case "plain":
        _ = OrtEnv.Instance();
        break;
    case "pooled":
        using (var threads = new OrtThreadingOptions { GlobalIntraOpNumThreads = 1 })
        {
            var options = new EnvironmentCreationOptions { logId = "application", threadOptions = threads };
            OrtEnv.CreateInstanceWithOptions(ref options);
        }

        break;
    case "racing":
        // Whoever is quicker: both must work.
        new Thread(static () => OrtEnv.Instance()).Start();
        break;
}

using var input = TensorValue.From<float>([1, 2, 3, 4, 5, 6]);
using var shape = TensorValue.From<long>([long.Parse(args[3]), long.Parse(args[4])], 2);
try
{
    await using var client = await SplitInferenceClient.CreateAsync(new()
    {
        ModelPath = args[0],
        Policy = PolicyNames.AllOnDevice,
        Execution = new() { UseSharedThreadPool = bool.Parse(args[2]) },
    });
    if (args[1] == "disposed") OrtEnv.Instance().Dispose();
    using var result = await client.InferAsync(new[] { input, shape });
    Console.WriteLine(result.Outputs[0].Shape);
}
catch (SplitInferException error)
{
    Console.WriteLine($"{error.GetType().Name}: {error.Message}");
}
