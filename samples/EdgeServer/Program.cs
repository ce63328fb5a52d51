// A host that serves the models of a folder to clients, and shows over HTTP what it holds and how it is.
//   dotnet run --project samples/EdgeServer [-- --SplitInferServer:ModelsDirectory=FOLDER]
using SplitInfer.AspNetCore;
using SplitInfer.Server;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddSplitInferServer(builder.Configuration.GetSection("SplitInferServer"));
builder.Services.AddHealthChecks().AddSplitInferServer();

var app = builder.Build();
app.MapHealthChecks("/health");
app.MapSplitInfer();
app.Run();
