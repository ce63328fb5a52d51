// Puts parts of your own in place of those of SplitInfer. Each part has a file of its own to copy from.
//   dotnet run --project samples/Extending -- codec|transport|policy|engine MODEL.onnx
using Extending;

if (args is not [var part, var model])
{
    Console.Error.WriteLine("Usage: Extending codec|transport|policy|engine MODEL.onnx");
    return 2;
}

await (part switch
{
    "codec" => BrotliCodec.RunAsync(model, Console.Out),
    "transport" => SimulatedTransport.RunAsync(model, Console.Out),
    "policy" => LeastMeanPolicy.RunAsync(model, Console.Out),
    "engine" => CountingEngine.RunAsync(model, Console.Out),
    _ => throw new ArgumentException($"There is no part '{part}'. The parts are codec, transport, policy and engine."),
});
return 0;
