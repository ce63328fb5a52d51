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
    [InlineData("MaxConnections=5000000000", "MaxConnections takes a whole number up to 2147483647; it was '5000000000'")]
    [InlineData("MaxRequestsPerSecondPerKey=often", "MaxRequestsPerSecondPerKey takes a number; it was 'often'")]
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

    [Theory]
    [InlineData("""{ "ModelTrial": "foo" }""", "there is no setting 'ModelTrial'.")]
    [InlineData("""{ "KnownCodecs": [ "x" ] }""", "there is no setting 'KnownCodecs'.")]
    [InlineData("""{ "Models": [ { "Path": "p", "Name": "m" } ] }""", "there is no setting 'Models'.")]
    [InlineData("""{ "ClientMemoryBound": 3 }""", "there is no setting 'ClientMemoryBound'.")]
    [InlineData("""{ "Plan": { "SampleInputs": { "x": 1 } } }""", "there is no setting 'Plan.SampleInputs'.")]
    [InlineData("""{ "Execution": { "Engine": "x" } }""", "there is no setting 'Execution.Engine'.")]
    public async Task What_only_code_sets_is_no_setting_of_a_file(string json, string words)
    {
        File.WriteAllText(_folder["server.json"], json);
        var result = await CommandLine.RunAsync("serve", "--print-config", "--config", _folder["server.json"]);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith($"--config {_folder["server.json"]}: {words}", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_settings_that_are_offered_are_those_that_are_printed()
    {
        var message = Assert.Throws<UsageException>(() => ConfiguredSettings.Read(null, Variables(("XYZXYZ", "1")))).Message;
        var expected = ServerSetting.All.Select(static setting => setting.Name.Split('.')[0]).Distinct().Order(StringComparer.Ordinal).ToArray();
        Assert.Contains("Serve", expected);
        Assert.EndsWith($"The settings there are: {string.Join(", ", expected)}.", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "Limits": 5 }""", "Limits is a section with settings of its own; it was '5'.")]
    [InlineData("""{ "SplitInferServer": 5 }""", "SplitInferServer is a section with settings; it was '5'.")]
    [InlineData("""{ "WatchModels": { "X": 5 } }""", "WatchModels has no settings of its own, such as 'X'.")]
    [InlineData("""{ "Listen": "tcp://127.0.0.1:1" }""", "Listen takes a list, such as [ \"tcp://127.0.0.1:1\" ]; it was 'tcp://127.0.0.1:1'.")]
    [InlineData("""{ "Plan": { "DimensionSizes": 5 } }""", "Plan.DimensionSizes takes names with values, such as { \"batch\": 1 }; it was '5'.")]
    [InlineData("""{ "Plan": { "DimensionSizes": { "batch": "many" } } }""", "Plan.DimensionSizes takes a whole number for each name; it was 'many'.")]
    [InlineData("""{ "Limits": { "MaxConnections": "many" } }""", "Limits.MaxConnections takes a whole number up to 2147483647; it was 'many'.")]
    [InlineData("""{ "Limits": { "MaxConnections": null } }""", "Limits.MaxConnections takes a whole number up to 2147483647; it was null.")]
    [InlineData("""{ "Limits": { "MaxConnections": 5000000000 } }""", "Limits.MaxConnections takes a whole number up to 2147483647; it was '5000000000'.")]
    [InlineData("""{ "SegmentMemoryBytes": "2GiB" }""", "SegmentMemoryBytes takes a whole number of bytes, such as 67108864; it was '2GiB'.")]
    [InlineData("""{ "Execution": { "Optimization": "Al" } }""", "Execution.Optimization takes one of None, Basic, Extended, All; it was 'Al'. Did you mean 'All'?")]
    [InlineData("""{ "Serve": { "LogLevel": "Loud" } }""", "Serve.LogLevel takes one of Trace, Debug, Information, Warning, Error, Critical, None; it was 'Loud'.")]
    [InlineData("""{ "Serve": { "TraceRatio": "half" } }""", "Serve.TraceRatio takes a number; it was 'half'.")]
    [InlineData("""{ "WatchModels": "sometimes" }""", "WatchModels takes true or false; it was 'sometimes'.")]
    [InlineData("""{ "Codecs": [ "Raw", "Lz5" ] }""", "Codecs takes names of codecs: ")]
    [InlineData("""{ "Codecs": [ "Raw", null ] }""", "Codecs takes names of codecs: ")]
    [InlineData("""{ "Codecs": [ "Raw", "Jpeg95" ] }""", "Codecs takes names of codecs: ")]
    [InlineData("""{ "Serve": { "ImageCodecs": [ "Jpeg95" ] } }""", "Serve.ImageCodecs takes names of codecs of pictures, such as Jpeg95-ImageNet")]
    [InlineData("""{ "Http": "banana" }""", "Http takes an address such as http://127.0.0.1:8080 or https://0.0.0.0:8443; it was 'banana'.")]
    [InlineData("""{ "Grpc": "tcp://127.0.0.1:1" }""", "Grpc takes an address such as ")]
    [InlineData("""{ "Listen": [ "tcp://127.0.0.1:1", "banana" ] }""", "Listen takes addresses such as ")]
    [InlineData("""{ "Serve": { "Otlp": "banana" } }""", "Serve.Otlp banana is no address of a collector; ")]
    [InlineData("{\n  nothing", "line 2, column 3 is not JSON: 'n' is an invalid start of a property name.")]
    [InlineData("[]", "Top-level JSON element must be an object.")]
    public void What_a_file_has_wrong_is_told_by_its_name_with_what_is_allowed(string json, string words)
    {
        File.WriteAllText(_folder["server.json"], json);
        var message = Assert.Throws<UsageException>(() => ServerConfiguration.Apply(new(), _folder["server.json"], [])).Message;
        Assert.StartsWith($"--config {_folder["server.json"]}: {words}", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_setting_takes_its_own_value_and_what_says_nothing_changes_nothing()
    {
        foreach (var setting in ServerSetting.All.Where(static setting => !setting.IsList))
        {
            var value = setting.Read(new(), new()) switch { Uri address => address.OriginalString, null => null, IFormattable one => one.ToString(null, System.Globalization.CultureInfo.InvariantCulture), var one => $"{one}" };
            Assert.Null(SettingValues.FaultOf(setting, value));
        }

        File.WriteAllText(_folder["server.json"], """{ "Limits": {}, "Plan": null, "Codecs": null, "Listen": [], "Http": null, "Serve": {} }""");
        var server = new SplitInferServerOptions();
        ServerConfiguration.Apply(server, new(), ConfiguredSettings.Read(_folder["server.json"], Variables(("HTTP", ""), ("LIMITS__MAXREQUESTSPERSECONDPERKEY", ""))), []);
        server.Validate();
        Assert.Equal((null, null), (server.Http, server.Limits.MaxRequestsPerSecondPerKey));
    }

    [Fact]
    public void A_variable_that_is_set_twice_is_named() =>
        Assert.StartsWith("SPLITINFER_SERVER_http is set twice", Assert.Throws<UsageException>(() => ConfiguredSettings.Read(null, Variables(("HTTP", "http://127.0.0.1:1"), ("http", "http://127.0.0.1:2")))).Message, StringComparison.Ordinal);

    [Fact]
    public void Variables_come_before_a_file_and_the_command_line_before_both()
    {
        File.WriteAllText(_folder["server.json"], """{ "Listen": [ "tcp://127.0.0.1:1", "tcp://127.0.0.1:2" ], "Limits": { "MaxConnections": 5, "MaxQueuedRuns": 6, "MaxRunMemoryBytes": null }, "Serve": { "LogLevel": "Debug" } }""");
        var configured = ConfiguredSettings.Read(_folder["server.json"], Variables(("LISTEN__0", "tcp://127.0.0.1:3"), ("LIMITS__MAXCONNECTIONS", "7"), ("Limits__MaxRunTime", "00:00:09"), ("SERVE__OTLP", "http://127.0.0.1:4318")));
        var (server, serve) = (new SplitInferServerOptions(), new ServeSettings());
        ServerConfiguration.Apply(server, serve, configured, ["MaxQueuedRuns=8"]);
        Assert.Equal((7, 8, TimeSpan.FromSeconds(9), null), (server.Limits.MaxConnections, server.Limits.MaxQueuedRuns, server.Limits.MaxRunTime, server.Limits.MaxRunMemoryBytes));
        Assert.Equal("tcp://127.0.0.1:3", Assert.Single(server.Listen).OriginalString);
        Assert.Equal((Microsoft.Extensions.Logging.LogLevel.Debug, "http://127.0.0.1:4318"), (serve.LogLevel, serve.Otlp));
        Assert.Equal(("environment", "SPLITINFER_SERVER_LISTEN__0"), configured.OriginOf("Listen"));
        Assert.Equal(("environment", "SPLITINFER_SERVER_LIMITS__MAXRUNTIME"), configured.OriginOf("Limits.MaxRunTime"));
        Assert.Equal(("file", _folder["server.json"]), configured.OriginOf("Limits.MaxQueuedRuns"));
        Assert.Null(configured.OriginOf("SegmentMemoryBytes"));
    }

    [Theory]
    [InlineData("LIMITS__MAXCONECTIONS", "7", "SPLITINFER_SERVER_LIMITS__MAXCONECTIONS: there is no setting 'LIMITS.MAXCONECTIONS'. Did you mean 'MaxConnections'?")]
    [InlineData("MODELDIRECTORY", "m", "SPLITINFER_SERVER_MODELDIRECTORY: there is no setting 'MODELDIRECTORY'. Did you mean 'ModelsDirectory'?")]
    [InlineData("LIMITS__MAXCONNECTIONS", "many", "SPLITINFER_SERVER_LIMITS__MAXCONNECTIONS: Limits.MaxConnections takes a whole number up to 2147483647; it was 'many'.")]
    [InlineData("HTTP", "banana", "SPLITINFER_SERVER_HTTP: Http takes an address such as http://127.0.0.1:8080 or https://0.0.0.0:8443; it was 'banana'.")]
    [InlineData("LISTEN", "tcp://127.0.0.1:1", "SPLITINFER_SERVER_LISTEN: Listen takes a list, whose first entry is SPLITINFER_SERVER_LISTEN__0; it was ")]
    [InlineData("LISTEN__1", "banana", "SPLITINFER_SERVER_LISTEN__1: Listen takes addresses such as ")]
    [InlineData("MODELPOLLINTERVAL", "10", "SPLITINFER_SERVER_MODELPOLLINTERVAL: ModelPollInterval takes a time as hours, minutes and seconds, such as 00:00:10; it was '10'.")]
    [InlineData("SERVE__LOGLEVEL", "Loud", "SPLITINFER_SERVER_SERVE__LOGLEVEL: Serve.LogLevel takes one of ")]
    [InlineData("SERVE__LEVEL", "Debug", "there is no setting 'SERVE.LEVEL'")]
    public void A_variable_that_is_wrong_is_named(string variable, string value, string words) =>
        Assert.StartsWith(words, Assert.Throws<UsageException>(() => ConfiguredSettings.Read(null, Variables((variable, value)))).Message[(words[0] == 'S' ? 0 : "SPLITINFER_SERVER_SERVE__LEVEL: ".Length)..], StringComparison.Ordinal);

    [Fact]
    public void Other_variables_of_this_product_are_none_of_a_server() =>
        Assert.Null(ConfiguredSettings.Read(null, [new("SPLITINFER_LONG", "1"), new("PATH", "/")]).OriginOf("ModelsDirectory"));

    [Fact]
    public async Task Print_config_shows_every_option_with_its_value_and_where_it_comes_from()
    {
        File.WriteAllText(_folder["server.json"], """{ "ModelsDirectory": "/models", "Limits": { "MaxConnections": 5, "MaxInFlightPerKey": 9 }, "Security": { "KeysFile": "/keys" } }""");
        var result = await CommandLine.StartAsync(new Dictionary<string, string> { ["SPLITINFER_SERVER_LIMITS__MAXINFLIGHTPERKEY"] = "11", ["SPLITINFER_SERVER_SERVE__LOGLEVEL"] = "Warning" },
            "serve", "--config", _folder["server.json"], "--limit", "MaxQueuedRuns=8", "--listen", "tcp://127.0.0.1:0", "--dim", "batch=2", "--log-level", "debug", "--print-config", "--json");
        Assert.Equal(("", 0), (result.Error, result.ExitCode));
        Assert.All(result.Json, static line => Assert.Equal("option value source origin reload", CommandLine.Fields(line)));
        Assert.Equal(ServerSetting.All.Select(static setting => setting.Name), result.Json.Select(static line => line.GetProperty("option").GetString()!));
        Assert.Equal(("/models", "file", _folder["server.json"], "contents"), Line("ModelsDirectory"));
        Assert.Equal(("5", "file", _folder["server.json"], "restart"), Line("Limits.MaxConnections"));
        Assert.Equal(("11", "environment", "SPLITINFER_SERVER_LIMITS__MAXINFLIGHTPERKEY", "restart"), Line("Limits.MaxInFlightPerKey"));
        Assert.Equal(("8", "commandLine", "--limit", "restart"), Line("Limits.MaxQueuedRuns"));
        Assert.Equal(("tcp://127.0.0.1:0", "commandLine", "--listen", "restart"), Line("Listen"));
        Assert.Equal(("batch=2", "commandLine", "--dim", "restart"), Line("Plan.DimensionSizes"));
        Assert.Equal(("Debug", "commandLine", "--log-level", "restart"), Line("Serve.LogLevel"));
        Assert.Equal(("/keys", "file", _folder["server.json"], "contents"), Line("Security.KeysFile"));
        Assert.Equal(("2147483648", "default", null, "restart"), Line("SegmentMemoryBytes"));
        Assert.Equal(("all", "default", null, "restart"), Line("Codecs"));
        Assert.Equal(("automatic", "default", null, "restart"), Line("Execution.ShareWeights"));
        Assert.Equal(("0.01", "default", null, "restart"), Line("Serve.TraceRatio"));
        Assert.Equal(($"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4}", "default", null, "restart"), Line("Serve.TrialBytes"));
        Assert.Equal(("none", "default", null, "restart"), Line("Http"));

        (string?, string?, string?, string?) Line(string option)
        {
            var line = result.Json.Single(line => line.GetProperty("option").GetString() == option);
            return (line.GetProperty("value").GetString(), line.GetProperty("source").GetString(), line.GetProperty("origin").GetString(), line.GetProperty("reload").GetString());
        }
    }

    [Fact]
    public async Task What_cannot_be_used_is_told_by_its_name_and_printed_configurations_need_no_model()
    {
        var table = await CommandLine.RunAsync("serve", "--print-config");
        Assert.Equal(("", 0), (table.Error, table.ExitCode));
        Assert.Contains("its contents are looked at again", table.Output, StringComparison.Ordinal);
        var wrong = await CommandLine.RunAsync("serve", "--print-config", "--limit", "MaxConnections=0");
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("MaxConnections", wrong.Error, StringComparison.Ordinal);
        var level = await CommandLine.RunAsync("serve", "--print-config", "--log-level", "Debg");
        Assert.Equal(2, level.ExitCode);
        Assert.Contains("Did you mean 'Debug'?", level.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "Http": "http://127.0.0.1:8080/path" }""", "Http has an address that cannot be used: 'http://127.0.0.1:8080/path' has a path")]
    [InlineData("""{ "Http": "http://0.0.0.0:8080" }""", "Http has http://0.0.0.0:8080, which other machines reach, without encryption and without knowing its clients. Use https:// in its place, with Security.CertificateFile and Security.CertificateKeyFile, and set Security.KeysFile or Security.ClientCaFile;")]
    [InlineData("""{ "Limits": { "MaxConnections": -3 } }""", "Limits.MaxConnections is -3; it must be 1 or more.")]
    [InlineData("""{ "Limits": { "Sizes": { "MaxBytes": 0 } } }""", "Limits.Sizes.MaxBytes is 0; it must be 1 or more.")]
    [InlineData("""{ "Plan": { "MinDepth": -1 } }""", "Plan.MinDepth is -1; it can be 0 or more.")]
    [InlineData("""{ "Security": { "CertificateKeyFile": "c" } }""", "Security.CertificateFile and Security.CertificateKeyFile go together; only one of them is set.")]
    [InlineData("""{ "Serve": { "TrialSeconds": 1e300 } }""", "Serve.TrialSeconds is 1E+300; it can be more than 0")]
    [InlineData("""{ "Serve": { "TraceRatio": 0.5 } }""", "Serve.TraceRatio needs a collector: name one by Serve.Otlp, ")]
    [InlineData("""{ "MaxConcurrentTrials": 0 }""", "MaxConcurrentTrials is 0; it can be 1 or more.")]
    [InlineData("""{ "Codecs": [ "Quantized8" ] }""", "Codecs has no lossless codec")]
    [InlineData("""{ "Codecs": [] }""", "Codecs has no entry; ")]
    public async Task What_cannot_be_used_is_told_with_the_file_that_has_it_before_a_model_is_read(string json, string words)
    {
        File.WriteAllText(_folder["server.json"], json);
        foreach (var last in (string[])["--print-config", _folder["none.onnx"]])
        {
            var result = await CommandLine.RunAsync("serve", "--config", _folder["server.json"], last);
            Assert.Equal((2, ""), (result.ExitCode, result.Output));
            Assert.StartsWith($"--config {_folder["server.json"]}: {words}", result.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("SPLITINFER_SERVER_HTTP", "banana", "SPLITINFER_SERVER_HTTP: Http takes an address such as ")]
    [InlineData("SPLITINFER_SERVER_LIMITS__MAXCONNECTIONS", "-3", "SPLITINFER_SERVER_LIMITS__MAXCONNECTIONS: Limits.MaxConnections is -3; it must be 1 or more.")]
    [InlineData("SPLITINFER_SERVER_LISTEN__0", "tcp://0.0.0.0:1", "SPLITINFER_SERVER_LISTEN__0: Listen has tcp://0.0.0.0:1, which other machines reach")]
    public async Task What_cannot_be_used_is_told_with_the_variable_that_has_it(string variable, string value, string words)
    {
        var result = await CommandLine.StartAsync(new Dictionary<string, string> { [variable] = value }, "serve", "--print-config");
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith(words, result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--limit MaxConnections=-3", "--limit: MaxConnections is -3; it must be 1 or more.")]
    [InlineData("--limit MaxConnections=", "--limit MaxConnections takes a whole number up to 2147483647; it was empty.")]
    [InlineData("--http http://127.0.0.1:1/path", "--http has an address that cannot be used: 'http://127.0.0.1:1/path' has a path")]
    [InlineData("--listen http://127.0.0.1:1", "--listen has an address that cannot be used: ")]
    [InlineData("--codec Quantized8", "--codec has no lossless codec")]
    public async Task What_cannot_be_used_is_told_with_the_option_that_has_it(string options, string words)
    {
        var result = await CommandLine.RunAsync(["serve", _folder["none.onnx"], .. options.Split(' ')]);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith(words, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_of_keys_that_cannot_be_used_is_told_with_what_names_it_before_a_model_is_read()
    {
        File.WriteAllText(_folder["keys"], "one-word");
        File.WriteAllText(_folder["server.json"], $$"""{ "Security": { "KeysFile": "{{_folder["keys"]}}" } }""");
        foreach (var (option, value) in ((string, string)[])[("--keys", _folder["keys"]), ("--config", _folder["server.json"])])
        {
            var result = await CommandLine.RunAsync("serve", _folder["none.onnx"], option, value);
            Assert.Equal((1, ""), (result.ExitCode, result.Output));
            Assert.StartsWith($"{(option == "--keys" ? option : $"{option} {value}")}: The keys in {_folder["keys"]} cannot be used: line 1 ", result.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Names_and_values_are_printed_whole()
    {
        var library = Path.Combine("/", new string('l', 90), new string('m', 90));
        var variables = new Dictionary<string, string> { ["SPLITINFER_SERVER_LIMITS__MAXCONNECTIONSPERMACHINE"] = "7", ["SPLITINFER_SERVER_EXECUTION__CUSTOMOPERATORLIBRARIES__0"] = library };
        var result = await CommandLine.StartAsync(variables, "serve", "--print-config");
        Assert.Equal(("", 0), (result.Error, result.ExitCode));
        foreach (var word in variables.Keys.Append(library)) Assert.Contains($" {word} ", result.Output, StringComparison.Ordinal);
    }

    private static IEnumerable<KeyValuePair<string, string?>> Variables(params (string Name, string Value)[] variables) =>
        variables.Select(static variable => KeyValuePair.Create($"SPLITINFER_SERVER_{variable.Name}", (string?)variable.Value));
}
