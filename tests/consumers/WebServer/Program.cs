// A web application that serves tails beside its pages.
//   WebServer MODELS --urls http://127.0.0.1:0
using SplitInfer.Server;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddSplitInferServer(options =>
{
    options.ModelsDirectory = args[0];
    options.Listen.Add(new("tcp://127.0.0.1:0"));
});
var app = builder.Build();
app.MapGet("/tails", (SplitInferServer server) => server.Endpoints);
app.Run();
