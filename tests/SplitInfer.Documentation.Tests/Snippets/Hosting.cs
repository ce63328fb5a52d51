using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using SplitInfer.Client;
using SplitInfer.Codecs;
using SplitInfer.Policies;
using SplitInfer.Policies.Catalog;
using SplitInfer.Server;
using SplitInfer.Tensors;

namespace SplitInfer.Documentation.Snippets;

/// <summary>docs/hosting.md.</summary>
internal static class Hosting
{
    public static void AddClient(WebApplicationBuilder builder)
    {
        // snippet: a client
        builder.Services.AddSplitInferClient(builder.Configuration.GetSection("SplitInfer"));
        builder.Services.AddHealthChecks().AddSplitInferClient();
        // end of snippet
    }

    public static void AddClientInCode(WebApplicationBuilder builder, string path, CodecRegistry codecs)
    {
        // snippet: options in code
        builder.Services.AddSplitInferClient(options => { options.ModelPath = path; options.CustomPolicy = setup => new MyPolicy(setup); });
        builder.Services.Configure<SplitInferenceOptions>(options => options.KnownCodecs = codecs);
        // end of snippet
    }

    public static void AddServerOnly(WebApplicationBuilder builder)
    {
        // snippet: server only
        builder.Services.AddSplitInferClient(options => { options.IsServerOnly = true; options.ModelName = "squeezenet"; options.Server = new("tls://edge:7070"); });
        // end of snippet
    }

    public static void AddClients(WebApplicationBuilder builder)
    {
        // snippet: several models
        builder.Services.AddSplitInferClient("detector", builder.Configuration.GetSection("Detector"));
        builder.Services.AddSplitInferClient("classifier", builder.Configuration.GetSection("Classifier"));
        // end of snippet
    }

    public static void MapDetector(WebApplication app)
    {
        // snippet: a client by key
        app.MapPost("/detect", async ([FromKeyedServices("detector")] SplitInferenceClient detector, float[] pixels, CancellationToken cancellationToken) =>
        {
            using var input = TensorValue.From<float>(pixels, [.. detector.Plan.Inputs[0].Shape.Dimensions]);
            using var result = await detector.InferAsync(input, cancellationToken: cancellationToken);
            return result.Outputs[0].Span<float>().ToArray();
        });
        // end of snippet
    }

    public static void AddServer(WebApplicationBuilder builder)
    {
        // snippet: a server
        builder.Services.AddSplitInferServer(builder.Configuration.GetSection("SplitInferServer"));
        builder.Services.AddHealthChecks().AddSplitInferServer();
        // end of snippet
    }

    private sealed class MyPolicy(PolicySetup setup) : IPartitionPolicy
    {
        private readonly IPartitionPolicy _inner = PolicyCatalog.Create(PolicyNames.AllOnDevice, setup);

        public string Name => "Mine";

        public Decision Decide(in DecisionContext context) => _inner.Decide(context);

        public void Observe(in Outcome outcome) => _inner.Observe(outcome);
    }
}
