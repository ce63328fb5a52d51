// The smallest client: runs a model on the device and prints where it ran and the first element of each output.
//   SmallClient MODEL [SIZE…]      SIZE: dimensions of the input where the model leaves them open
using SplitInfer.Client;
using SplitInfer.Client.Policies;
using SplitInfer.Tensors;

await using var client = await SplitInferenceClient.CreateAsync(new() { ModelPath = args[0], Policy = PolicyNames.AllOnDevice });
var sizes = args.Length > 1 ? [.. args[1..].Select(long.Parse)] : client.Plan.Inputs[0].Shape.Dimensions.ToArray();
using var input = Tensor.From<float>(new float[sizes.Aggregate(1L, static (count, size) => count * size)], sizes);
using var result = await client.InferAsync(input);
Console.WriteLine($"{result.Source}: {string.Join(", ", result.Outputs.Select(static output => $"{output} {output.Span<float>()[0]:G4}"))}");
