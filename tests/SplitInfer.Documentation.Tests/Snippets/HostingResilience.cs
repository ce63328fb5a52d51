using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Polly;
using SplitInfer.Client;

namespace SplitInfer.Documentation.Snippets;

/// <summary>docs/hosting.md, with Polly.</summary>
internal static class HostingResilience
{
    public static void AddStrategies(WebApplicationBuilder builder)
    {
        // snippet: strategies
        builder.Services.Configure<SplitInferenceOptions>(options => options.Transport.Resilience = server => server
            .AddTimeout(TimeSpan.FromSeconds(2))
            .AddCircuitBreaker(new() { FailureRatio = 0.5, MinimumThroughput = 10, BreakDuration = TimeSpan.FromSeconds(15) }));
        // end of snippet
    }
}
