// A web application that classifies pictures with a model of which a server may run the tail.
//   dotnet run --project samples/WebApi [-- --SplitInfer:ModelPath=FILE.onnx --SplitInfer:Servers:0:Address=tcp://SERVER:7070]
//   curl --data-binary @photo.jpg http://127.0.0.1:5080/classify
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Polly;
using SplitInfer.Client;
using WebApi;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddSplitInferClient(builder.Configuration.GetSection("SplitInfer"));
// Polly around each server: one that takes longer than this has failed the request, which the device then finishes.
builder.Services.Configure<SplitInferenceOptions>(static options => options.Transport.Resilience = static server => server.AddTimeout(TimeSpan.FromSeconds(2)));
builder.Services.AddOptions<ClassifierOptions>().BindConfiguration("Classifier");
builder.Services.AddSingleton<Classifier>();
builder.Services.AddHealthChecks().AddSplitInferClient();
builder.Services.Configure<KestrelServerOptions>(builder.Configuration.GetSection("Kestrel"));
builder.Services.AddProblemDetails();
builder.Services.AddExceptionHandler<InferenceProblems>();
builder.Services.AddRateLimiter(limits =>
{
    limits.RejectionStatusCode = StatusCodes.Status503ServiceUnavailable;
    limits.AddConcurrencyLimiter("inference", options => builder.Configuration.GetSection("Concurrency").Bind(options));
});

var app = builder.Build();
app.UseExceptionHandler();
app.UseStatusCodePages();
// A picture is received before it takes one of the places, so that slow callers keep none from others.
app.Use(static async (context, next) =>
{
    if (HttpMethods.IsPost(context.Request.Method))
    {
        var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        body.Position = 0;
        context.Request.Body = body;
    }

    await next(context);
});
app.UseRateLimiter();
app.MapHealthChecks("/health");

// The token fires when the caller goes away, and with it ends the request here and on the server.
app.MapPost("/classify", (HttpRequest request, Classifier classifier, CancellationToken gone) => classifier.ClassifyAsync(request.Body, gone)).RequireRateLimiting("inference");
app.Run();
