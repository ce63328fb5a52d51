// A web application that holds a client: it infers zeros when asked, and says as SmallClient does where that ran.
//   WebClient MODEL SERVER PARTITION
using SplitInfer.Client;
using SplitInfer.Tensors;

var builder = WebApplication.CreateBuilder();
builder.Services.AddSplitInferClient(options => (options.ModelPath, options.Server, options.Partition) = (args[0], new(args[1]), int.Parse(args[2])));
builder.Services.AddHealthChecks().AddSplitInferClient();
var app = builder.Build();
app.MapHealthChecks("/health");
app.MapPost("/infer", async (SplitInferenceClient client, CancellationToken gone) =>
{
    using var input = TensorValue.Allocate(ElementType.Float32, client.Plan.Inputs[0].Shape);
    input.Span<float>().Clear();
    using var result = await client.InferAsync(input, cancellationToken: gone);
    return $"{result.Source}: {string.Join(", ", result.Outputs.Select(static output => $"{output} {output.Span<float>()[0]:G4}"))}";
});
app.Run();
