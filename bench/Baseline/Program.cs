using System.Net;
using Baseline;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.ML.OnnxRuntime;

// What `splitinfer bench server` compares a server with: a model behind ASP.NET Core and gRPC, written as the documentation of either suggests. One session with
// the default options for all requests, named values made of arrays, and no limit on how many run at a time.
if (args is not [var model, var port])
{
    Console.Error.WriteLine("Usage: dotnet run --project bench/Baseline -c Release -- MODEL.onnx PORT");
    return 2;
}

var builder = WebApplication.CreateSlimBuilder();
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, int.Parse(port), static listen => listen.Protocols = HttpProtocols.Http2));
builder.Services.AddGrpc(static grpc => (grpc.MaxReceiveMessageSize, grpc.MaxSendMessageSize) = (null, null));
builder.Services.AddSingleton(new InferenceSession(model));
var application = builder.Build();
application.MapGrpcService<InferenceService>();
await application.StartAsync();
Console.WriteLine($"listening on http://127.0.0.1:{port}");
await application.WaitForShutdownAsync();
return 0;
