// An application of a few lines, for tests of what a process has one of. It runs a model that reshapes 6 numbers, on the device, and prints
// the dimensions of the result, or the type and text of the error.
//   SplitInfer.EngineProcess MODEL ENVIRONMENT SHARED ROWS COLUMNS
using Microsoft.ML.OnnxRuntime;
using SplitInfer;
using SplitInfer.Client;
using SplitInfer.Policies;
using SplitInfer.Tensors;

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
