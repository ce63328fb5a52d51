using System.Reflection;
using System.Text.RegularExpressions;
using SplitInfer.Client.Telemetry;
using SplitInfer.Documentation.Pages;
using SplitInfer.Server.Telemetry;
using SplitInfer.Telemetry;
using SplitInfer.Testing;

namespace SplitInfer.Documentation;

/// <summary>The tables of docs/telemetry.md have the names that the libraries use, all of them and no others.</summary>
public sealed partial class TelemetryTests
{
    private static readonly string[] Names = [.. Constants(typeof(ClientMetricNames), typeof(ServerMetricNames), typeof(ClientSpanNames), typeof(ServerSpanNames), typeof(TelemetryTags))];

    [Fact]
    public void Every_name_is_in_the_page_and_every_name_of_the_page_is_used()
    {
        var page = File.ReadAllText(Repository.PathOf("docs/telemetry.md"));
        var told = Name().Matches(page).Select(static match => match.Groups[1].Value).Where(static name => name != "splitinfer.").ToHashSet();
        Assert.Equal(Names.Order(), told.Order());
    }

    [Fact]
    public void Every_metric_has_the_kind_and_unit_that_the_code_gives_it()
    {
        var rows = File.ReadLines(Repository.PathOf("docs/telemetry.md")).Select(static line => Row().Match(line)).Where(static match => match.Success)
            .ToDictionary(static match => match.Groups["name"].Value, static match => (Kind: match.Groups["kind"].Value, Unit: match.Groups["unit"].Value.Trim('`')));
        var metrics = PublishedMetric.All.Where(static metric => metric.IsOurs).ToArray();
        Assert.Equal(metrics.Select(static metric => metric.Name).Order(), rows.Keys.Order());
        Mistakes.AssertNone(metrics.Where(metric => rows[metric.Name].Kind != metric.Kind || !(rows[metric.Name].Unit == metric.Unit || (metric.Unit.Length == 0 && rows[metric.Name].Unit == "1 or 0")))
            .Select(metric => $"{metric.Name} is a {metric.Kind} in '{metric.Unit}', and the page says {rows[metric.Name]}."));
    }

    private static IEnumerable<string> Constants(params Type[] types) =>
        types.SelectMany(static type => type.GetFields(BindingFlags.Public | BindingFlags.Static)).Select(static field => (string)field.GetRawConstantValue()!).Distinct();

    [GeneratedRegex(@"^\| `(?<name>splitinfer\.(client|server)\.[a-z_.]+)` \| (?<kind>\w+), (?<unit>[^|]+) \|")]
    private static partial Regex Row();

    [GeneratedRegex("`(splitinfer\\.[a-z_.]+|error\\.type)`")]
    private static partial Regex Name();
}
