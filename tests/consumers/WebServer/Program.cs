// A web application that serves tails beside its pages, and shows what it holds.
//   WebServer MODELS
using SplitInfer.AspNetCore;
using SplitInfer.Server;

var builder = WebApplication.CreateBuilder();
builder.Services.AddSplitInferServer(options =>
{
    options.ModelsDirectory = args[0];
    options.Listen.Add(new("tcp://127.0.0.1:0"));
});
var app = builder.Build();
app.MapSplitInfer();
app.MapSplitInferWebSocket("/infer");
app.Run();
