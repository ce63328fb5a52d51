// Streams video through a model that is split between a slow device and a server, over a link that worsens and recovers, and
// writes a page that shows what every frame cost and what it might have cost.
//   dotnet run --project samples/VideoStream -c Release [-- --help]
using VideoStream;
using VideoStream.Streaming;

if (StreamOptions.Parse(args) is not { } options) return 2;
await Demonstration.RunAsync(options, Console.Out);
return 0;
