using System.Reflection;
using System.Text.RegularExpressions;
using SplitInfer.Client.Telemetry;
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

    private static IEnumerable<string> Constants(params Type[] types) =>
        types.SelectMany(static type => type.GetFields(BindingFlags.Public | BindingFlags.Static)).Select(static field => (string)field.GetRawConstantValue()!).Distinct();

    [GeneratedRegex("`(splitinfer\\.[a-z_.]+|error\\.type)`")]
    private static partial Regex Name();
}
