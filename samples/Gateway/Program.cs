// A reverse proxy in front of several servers, for clients that connect by WebSockets.
//   dotnet run --project samples/Gateway [-- --ReverseProxy:Clusters:servers:Destinations:one:Address=http://SERVER:8081]
//   splitinfer run model.onnx --server ws://127.0.0.1:8080/infer
using Gateway;
using Yarp.ReverseProxy.Health;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddReverseProxy().LoadFromConfig(builder.Configuration.GetSection("ReverseProxy"));
// Connections live long, so that there are few attempts to tell a server by that does not answer.
builder.Services.Configure<TransportFailureRateHealthPolicyOptions>(static options => options.MinimalTotalCountThreshold = 1);

var app = builder.Build();
app.MapReverseProxy(static proxy =>
{
    proxy.Use(OtherServer.TryAsync);
    proxy.UseLoadBalancing();
    proxy.UsePassiveHealthChecks();
});
app.Run();
