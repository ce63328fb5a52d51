// The smallest client: runs a model on zeros and prints where it ran, and the first element of each output.
//   SmallClient MODEL                      on the device
//   SmallClient MODEL SERVER PARTITION     cut at a partition
using SplitInfer.Client;
using SplitInfer.Policies;
using SplitInfer.Tensors;

var options = new SplitInferenceOptions { ModelPath = args[0] };
if (args.Length > 1) (options.Server, options.Partition) = (new Uri(args[1]), int.Parse(args[2]));
else options.Policy = PolicyNames.AllOnDevice;
await using var client = await SplitInferenceClient.CreateAsync(options);
using var input = TensorValue.Allocate(ElementType.Float32, client.Plan.Inputs[0].Shape);
input.Span<float>().Clear();
using var result = await client.InferAsync(input);
Console.WriteLine($"{result.Source}: {string.Join(", ", result.Outputs.Select(static output => $"{output} {output.Span<float>()[0]:G4}"))}");
