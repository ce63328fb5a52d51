// A photograph in, a label out, with the server in another process or on another machine.
//   dotnet run --project samples/ImageClassifier -- serve MODELS [URI]
//   dotnet run --project samples/ImageClassifier -- classify PHOTO MODEL.onnx [--labels FILE] [--server URI] [--preprocessing NAME]
using ImageClassifier;
using SplitInfer;

try
{
    switch (args)
    {
        case ["serve", var models, .. var address] when address.Length <= 1:
            await TailServer.RunAsync(models, new Uri(address is [var uri] ? uri : "tcp://127.0.0.1:7070"));
            return 0;
        case ["classify", var photo, var model, .. var options] when options.Length % 2 == 0:
            await Classification.RunAsync(photo, model, options.Chunk(2).ToDictionary(static pair => pair[0], static pair => pair[1]));
            return 0;
        default:
            Console.Error.WriteLine("Usage: ImageClassifier serve MODELS [URI]");
            Console.Error.WriteLine("       ImageClassifier classify PHOTO MODEL.onnx [--labels FILE] [--server URI] [--preprocessing NAME]");
            return 2;
    }
}
catch (Exception error) when (error is SplitInferException or ArgumentException or IOException or UriFormatException)
{
    Console.Error.WriteLine(error.Message);
    return 1;
}
