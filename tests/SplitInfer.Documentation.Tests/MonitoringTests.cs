using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using SplitInfer.Documentation.Pages;
using SplitInfer.Protocol;
using SplitInfer.Telemetry;
using SplitInfer.Testing;

namespace SplitInfer.Documentation;

/// <summary>The alerts and the dashboard ask for what there is, and each alert has its runbook.</summary>
public sealed partial class MonitoringTests
{
    private const string Alerts = "deploy/prometheus/alerts.yml", Dashboard = "deploy/grafana/splitinfer.json";

    private static readonly string[] Known =
    [
        .. PublishedMetric.All.SelectMany(static metric => metric.PrometheusNames),
        .. typeof(TelemetryTags).GetFields(BindingFlags.Public | BindingFlags.Static).Select(static tag => ((string)tag.GetRawConstantValue()!).Replace('.', '_')),
    ];

    [Fact]
    public void Every_metric_and_label_of_the_alerts_is_one_of_the_code() => Mistakes.AssertNone(NamesIn(File.ReadAllText(Repository.PathOf(Alerts))).Except(Known));

    [Fact]
    public void Every_metric_and_label_of_the_dashboard_is_one_of_the_code()
    {
        var queries = QueriesOf(Dashboard).ToArray();
        Assert.True(queries.Length > 20);
        Mistakes.AssertNone(queries.SelectMany(NamesIn).Distinct().Except(Known));
    }

    [Fact]
    public void Every_metric_of_a_server_is_on_the_dashboard()
    {
        var shown = QueriesOf(Dashboard).SelectMany(NamesIn).ToHashSet();
        Mistakes.AssertNone(PublishedMetric.All.Where(static metric => metric.Name.StartsWith("splitinfer.server.", StringComparison.Ordinal)).Where(metric => !metric.PrometheusNames.Any(shown.Contains)).Select(static metric => metric.Name));
    }

    [Fact]
    public void Panels_of_the_dashboard_lie_beside_each_other()
    {
        using var dashboard = JsonDocument.Parse(File.ReadAllText(Repository.PathOf(Dashboard)));
        var panels = dashboard.RootElement.GetProperty("panels").EnumerateArray().Select(static panel => (Id: panel.GetProperty("id").GetInt32(), At: panel.GetProperty("gridPos"))).ToArray();
        Assert.Equal(panels.Length, panels.DistinctBy(static panel => panel.Id).Count());
        foreach (var (one, at) in panels)
        {
            Assert.InRange(Number(at, "x") + Number(at, "w"), 1, 24);
            Assert.DoesNotContain(panels, other => other.Id != one && Overlap(at, other.At, "x", "w") && Overlap(at, other.At, "y", "h"));
        }

        static int Number(JsonElement place, string name) => place.GetProperty(name).GetInt32();
        static bool Overlap(JsonElement a, JsonElement b, string from, string length) => Number(a, from) < Number(b, from) + Number(b, length) && Number(b, from) < Number(a, from) + Number(a, length);
    }

    [Fact]
    public void Every_reason_that_an_alert_counts_is_one_that_servers_give()
    {
        var reasons = Reason().Matches(File.ReadAllText(Repository.PathOf(Alerts))).SelectMany(static match => match.Groups["words"].Value.Split('|', StringSplitOptions.RemoveEmptyEntries)).ToArray();
        Assert.NotEmpty(reasons);
        Mistakes.AssertNone(reasons.Except(Enum.GetNames<RefusalCode>().Select(static code => WordStart().Replace(code, "_$0").ToLowerInvariant())));
    }

    [Fact]
    public void Every_alert_has_a_runbook_and_every_runbook_an_alert()
    {
        var text = File.ReadAllText(Repository.PathOf(Alerts));
        var alerts = Alert().Matches(text).Select(static match => match.Groups["name"].Value).ToArray();
        Assert.NotEmpty(alerts);
        var page = Page.All.Single(static page => page.Path == "docs/operations.md");
        Assert.Equal(alerts.Order(), page.Prose.Split('\n').Where(static line => line.StartsWith("### SplitInfer", StringComparison.Ordinal)).Select(static line => line[4..]).Order());
        Assert.Equal(alerts.Select(static alert => $"docs/operations.md#{alert.ToLowerInvariant()}"), Runbook().Matches(text).Select(static match => match.Groups["url"].Value));
    }

    [CommandFact("promtool")]
    public void Promtool_accepts_the_alerts_and_the_configuration()
    {
        Assert.Contains("SUCCESS", Promtool("check", "rules", "alerts.yml"), StringComparison.Ordinal);
        Assert.Contains("SUCCESS", Promtool("check", "config", "prometheus.yml"), StringComparison.Ordinal);
    }

    [CommandFact("promtool")]
    public void Every_alert_fires_where_it_should_and_nowhere_else()
    {
        Assert.Contains("SUCCESS", Promtool("test", "rules", "alerts.test.yml"), StringComparison.Ordinal);
        var tests = File.ReadAllText(Repository.PathOf("deploy/prometheus/alerts.test.yml"));
        // Once where nothing is wrong, and once with labels where it fires.
        Mistakes.AssertNone(Alert().Matches(File.ReadAllText(Repository.PathOf(Alerts))).Select(static match => match.Groups["name"].Value)
            .Where(name => !tests.Contains($"alertname: {name} }}", StringComparison.Ordinal) || !Regex.IsMatch(tests, $"alertname: {name}\n +exp_alerts:")));
    }

    private static string Promtool(params string[] arguments)
    {
        var start = new ProcessStartInfo(InstalledCommand.PathOf("promtool")!, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Repository.PathOf("deploy/prometheus") };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        var said = output + error.Result;
        Assert.True(process.ExitCode == 0, said);
        return said;
    }

    private static IEnumerable<string> NamesIn(string text) => MetricOrLabel().Matches(text).Select(static match => match.Value).Distinct();

    private static IEnumerable<string> QueriesOf(string dashboard)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Repository.PathOf(dashboard)));
        foreach (var panel in document.RootElement.GetProperty("panels").EnumerateArray())
        {
            if (!panel.TryGetProperty("targets", out var targets)) continue;
            foreach (var target in targets.EnumerateArray()) yield return target.GetProperty("expr").GetString()!;
        }
    }

    // Names of files and links of the page have other characters beside them.
    [GeneratedRegex(@"(?<![\w#/-])(splitinfer_[a-z_0-9]+|dotnet_[a-z_0-9]+|error_type)\b")]
    private static partial Regex MetricOrLabel();

    [GeneratedRegex("error_type=~?\"(?<words>[^\"]*)\"")]
    private static partial Regex Reason();

    [GeneratedRegex("(?<!^)[A-Z]")]
    private static partial Regex WordStart();

    [GeneratedRegex("- alert: (?<name>[A-Za-z]+)")]
    private static partial Regex Alert();

    [GeneratedRegex("runbook_url: (?<url>.+)")]
    private static partial Regex Runbook();
}
