using SplitInfer.Cli.Commands.Serve;
using SplitInfer.Cli.Inputs;
using SplitInfer.Server;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Cli.Tests.Commands;

public sealed class ServerConfigurationTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("{0}")]
    [InlineData("{{ \"SplitInferServer\": {0} }}")]
    public void A_file_sets_any_option_and_the_command_line_comes_before_it(string form)
    {
        var server = new SplitInferServerOptions();
        var json = """{ "ModelsDirectory": "m", "WatchModels": false, "Limits": { "MaxConnections": 5, "MaxQueuedRuns": 6, "Sizes": { "MaxBytes": 7 } } }""";
        File.WriteAllText(_folder["server.json"], string.Format(System.Globalization.CultureInfo.InvariantCulture, form, json));
        ServerConfiguration.Apply(server, _folder["server.json"], ["MaxConnections=8", "MaxRunTime=00:00:10", "Sizes.MaxDimension=9"]);
        Assert.Equal(("m", false, 8, 6), (server.ModelsDirectory, server.WatchModels, server.Limits.MaxConnections, server.Limits.MaxQueuedRuns));
        Assert.Equal((7, 9, TimeSpan.FromSeconds(10)), (server.Limits.Sizes.MaxBytes, server.Limits.Sizes.MaxDimension, server.Limits.MaxRunTime));
        Assert.NotEqual(7, SizeLimits.Default.MaxBytes);
    }

    [Fact]
    public void Every_limit_can_be_set_by_its_name()
    {
        foreach (var limit in typeof(ServerLimits).GetProperties().Where(static property => property.PropertyType != typeof(SizeLimits)))
        {
            var server = new SplitInferServerOptions();
            ServerConfiguration.Apply(server, null, [$"{limit.Name}={(limit.PropertyType == typeof(TimeSpan) ? "00:00:03" : "3")}"]);
            Assert.Contains("3", $"{limit.GetValue(server.Limits)}", StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("MaxConections=3", "Did you mean 'MaxConnections'?")]
    [InlineData("MaxConnections=many", "MaxConnections takes a whole number")]
    [InlineData("Sizes.MaxBytes=64MiB", "of bytes, such as 67108864")]
    [InlineData("MaxRunTime=10", "MaxRunTime takes a time as hours, minutes and seconds")]
    public void What_is_no_limit_is_refused_by_its_name(string limit, string words) =>
        Assert.Contains(words, Assert.Throws<UsageException>(() => ServerConfiguration.Apply(new(), null, [limit])).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{ "ModelDirectory": "m" }""", "no setting 'ModelDirectory'. Did you mean 'ModelsDirectory'?")]
    [InlineData("""{ "SplitInferServer": { "Limits": { "MaxConections": 5 } } }""", "no setting 'Limits.MaxConections'. Did you mean 'MaxConnections'?")]
    [InlineData("""{ "Security": { "KeyFile": "k" } }""", "no setting 'Security.KeyFile'. Did you mean 'KeysFile'?")]
    [InlineData("""{ "Limits": { "Sizes": { "Most": 5 } } }""", "no setting 'Limits.Sizes.Most'. The settings there are: ")]
    public void What_is_no_setting_is_answered_with_the_one_that_was_meant(string json, string words)
    {
        File.WriteAllText(_folder["server.json"], json);
        var message = Assert.Throws<UsageException>(() => ServerConfiguration.Apply(new(), _folder["server.json"], [])).Message;
        Assert.Contains(words, message, StringComparison.Ordinal);
        Assert.Contains("server.json", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_json_is_refused_by_its_name()
    {
        File.WriteAllText(_folder["server.json"], "{ nothing");
        Assert.Contains("server.json", Assert.Throws<UsageException>(() => ServerConfiguration.Apply(new(), _folder["server.json"], [])).Message, StringComparison.Ordinal);
    }
}
