using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using SplitInfer.AspNetCore;
using SplitInfer.Documentation.Pages;
using SplitInfer.Server;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Documentation;

/// <summary>The tables of docs/operations.md have all that there is.</summary>
public sealed partial class OperationsTests
{
    private static readonly string[] Rows = [.. Page.All.Single(static page => page.Path == "docs/operations.md").Prose.Split('\n').Where(static line => line.StartsWith('|'))];

    [Fact]
    public void Every_event_that_a_server_logs_is_listed_by_its_id_and_name()
    {
        var code = ((string[])["src/SplitInfer.Server", "src/SplitInfer.Core", "src/SplitInfer.Cli"]).SelectMany(static project => Directory.EnumerateFiles(Repository.PathOf(project), "*.cs", SearchOption.AllDirectories))
            .Where(static path => !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)).SelectMany(File.ReadLines).Where(static line => line.TrimStart().StartsWith("[LoggerMessage(", StringComparison.Ordinal)).ToArray();
        var events = code.Select(static line => Event().Match(line)).Where(static match => match.Success).Select(static match => $"| {match.Groups["id"].Value} | `{match.Groups["name"].Value}` |").ToArray();
        Assert.NotEmpty(events);
        Assert.Equal(code.Length, events.Distinct().Count());
        Mistakes.AssertNone(events.Where(static one => !Array.Exists(Rows, row => row.StartsWith(one, StringComparison.Ordinal))));
    }

    [Fact]
    public void Every_limit_is_listed_with_what_sets_it()
    {
        var limits = typeof(ServerLimits).GetProperties().Where(static p => p.PropertyType != typeof(SizeLimits)).Select(static p => p.Name)
            .Concat(typeof(SizeLimits).GetProperties().Where(static p => p.CanWrite).Select(static p => $"Sizes.{p.Name}")).ToArray();
        Assert.NotEmpty(limits);
        Mistakes.AssertNone(limits.Where(static limit => !Array.Exists(Rows, row => row.StartsWith($"| `Limits.{limit}` |", StringComparison.Ordinal) && row.Contains("`--limit`", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task Every_option_is_listed_with_whether_a_running_server_takes_it_up()
    {
        var lines = (await ToolCommand.OutputOfAsync("serve", "--print-config", "--json")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.True(lines.Length > 40);
        List<string> mistakes = [];
        foreach (var line in lines)
        {
            var (name, reload) = (line.GetProperty("option").GetString()!, line.GetProperty("reload").GetString()!);
            // Those of the table of limits need a restart, as the page says above it.
            if (Array.Find(Rows, row => row.Split('|')[1].Contains($"`{name}`", StringComparison.Ordinal)) is not { } row) mistakes.Add($"{name} is in no row.");
            else if (reload != "restart" && !row.TrimEnd('|', ' ').EndsWith(reload, StringComparison.Ordinal)) mistakes.Add($"{name}: a running server takes up its {reload}, and the row says otherwise.");
        }

        Mistakes.AssertNone(mistakes);
    }

    [Fact]
    public async Task Every_route_of_a_server_is_listed()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddSplitInferServer(static _ => { });
        builder.Services.AddOpenTelemetry().WithMetrics(static metrics => metrics.AddPrometheusExporter());
        await using var app = builder.Build();
        app.MapSplitInfer();
        app.MapPrometheusScrapingEndpoint();
        var routes = ((IEndpointRouteBuilder)app).DataSources.SelectMany(static source => source.Endpoints).OfType<RouteEndpoint>().Where(static route => !route.RoutePattern.RawText!.Contains("**", StringComparison.Ordinal))
            .Select(static route => $"/{route.RoutePattern.RawText!.Trim('/')}").Distinct().ToArray();
        Assert.True(routes.Length > 8);
        Mistakes.AssertNone(routes.Where(static route => !Array.Exists(Rows, row => row.Split('|')[1].Contains($" {route}`", StringComparison.Ordinal))));
    }

    [GeneratedRegex("""\[LoggerMessage\((EventId = )?(?<id>[0-9]+),.*EventName = (nameof\()?"?(?<name>\w+)""")]
    private static partial Regex Event();
}
