// A reverse proxy in front of several servers, for clients that connect by WebSockets.
//   dotnet run --project samples/Gateway [-- --ReverseProxy:Clusters:servers:Destinations:one:Address=http://SERVER:8081]
//   splitinfer run model.onnx --server ws://127.0.0.1:8080/infer
using Gateway;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddReverseProxy().LoadFromConfig(builder.Configuration.GetSection("ReverseProxy"));

var app = builder.Build();
app.MapReverseProxy(static proxy =>
{
    proxy.Use(OtherServer.TryAsync);
    proxy.UseLoadBalancing();
    proxy.UsePassiveHealthChecks();
});
app.Run();
