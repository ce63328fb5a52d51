using SplitInfer.Testing;
using SplitInfer.Testing.Certificates;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Cli.Tests.Commands;

/// <summary>A server that other machines reach, and who may use it.</summary>
public sealed class SecurityTests : IDisposable
{
    private const string Key = "a-key-of-a-phone-0123456789";

    private readonly TestFolder _folder = new();
    private readonly string _model;

    public SecurityTests()
    {
        _model = _folder["unet.onnx"];
        UNet.Build(size: 32).Save(_model);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task TLS_and_a_key_let_a_client_in_and_who_has_none_only_sees_that_a_server_is_there()
    {
        using var authority = new TestAuthority(_folder);
        var certificate = authority.Issue("server");
        await File.WriteAllTextAsync(_folder["keys"], $"phone {Key}");
        await File.WriteAllTextAsync(_folder["key"], Key);
        await using var server = await ServerProcess.StartAsync(_model, "--listen", "tls://0.0.0.0:0", "--tls-cert", certificate.CertificateFile, "--tls-key", certificate.KeyFile, "--keys", _folder["keys"], "--json");
        var address = $"tls://127.0.0.1:{new Uri(server.Address).Port}";
        string[] trusting = ["--tls-ca", authority.CaFile], known = [.. trusting, "--key-file", _folder["key"]];

        var run = await CommandLine.RunAsync(["run", _model, "--server", address, "--policy", "AllOnServer", "--frames", "2", "--json", .. known]);
        Assert.Equal(("", 0), (run.Error, run.ExitCode));
        Assert.Equal(1, run.Json[^1].GetProperty("serverShare").GetDouble());
        Assert.Equal(0, (await CommandLine.RunAsync(["ping", address, "--count", "1", .. known])).ExitCode);
        var trial = await CommandLine.RunAsync(["try", _model, "--server", address, "--mbps", "1000", "--frames", "1", "--json", .. known]);
        // On a busy machine the device may have gone first some of the time, which it then says.
        Assert.Equal(0, trial.ExitCode);
        Assert.NotEmpty(trial.Json);

        var unknown = await CommandLine.RunAsync(["ping", address, .. trusting]);
        Assert.Equal(1, unknown.ExitCode);
        Assert.Contains("The server requires a key", unknown.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await CommandLine.RunAsync(["ping", address, "--alive", .. trusting])).ExitCode);
        var distrusting = await CommandLine.RunAsync("ping", address, "--alive", "--key-file", _folder["key"]);
        Assert.Equal(1, distrusting.ExitCode);
        Assert.Contains("No secure connection to", distrusting.Error, StringComparison.Ordinal);
        Assert.Equal(0, await server.StopAsync());
    }

    [Fact]
    public async Task A_load_is_made_with_TLS_and_a_key_and_tells_at_once_what_is_wrong_with_them()
    {
        using var authority = new TestAuthority(_folder);
        await File.WriteAllTextAsync(_folder["key"], Key);
        await using var server = await StartAsync(authority);
        string[] line = ["bench", "load", _model, "--server", server.Address, "--seconds", "1", "--connections", "2", "--json", "--tls-ca", authority.CaFile];
        var known = await CommandLine.RunAsync([.. line, "--key-file", _folder["key"]]);
        Assert.Equal(0, known.ExitCode);
        // Later phases ask for more than the server can do, and may fail for it.
        var first = known.Json[0];
        Assert.Equal(("saturation", 0), (first.GetProperty("phase").GetString(), first.GetProperty("failedPerSecond").GetDouble()));
        var unknown = await CommandLine.RunAsync(line);
        Assert.Equal((1, ""), (unknown.ExitCode, unknown.Output));
        Assert.Contains("--key-file", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_key_is_told_at_once_and_counted_at_the_end_and_the_device_goes_on_unless_a_server_is_required()
    {
        using var authority = new TestAuthority(_folder);
        await File.WriteAllTextAsync(_folder["key"], "the-key-of-someone-else");
        await using var server = await StartAsync(authority);
        string[] line = ["run", _model, "--server", server.Address, "--policy", "AllOnServer", "--frames", "3", "--tls-ca", authority.CaFile, "--key-file", _folder["key"], "--json"];
        var run = await CommandLine.RunAsync(line);
        Assert.Equal(0, run.ExitCode);
        var error = run.Error.Split('\n');
        Assert.StartsWith("A server cannot be used (wrong key). The server does not know the client's key.", error[0], StringComparison.Ordinal);
        Assert.Contains("--key-file", error[0], StringComparison.Ordinal);
        Assert.Equal("The device answered 3 of 3 frames while a server could not be used:", error[1]);
        Assert.StartsWith("3 × wrong key. ", error[2], StringComparison.Ordinal);
        Assert.All(run.Json[..^1], static frame => Assert.Equal(("device", "unauthorized"), (frame.GetProperty("source").GetString(), frame.GetProperty("fallback").GetString())));
        var fallback = Assert.Single(run.Json[^1].GetProperty("fallbacks").EnumerateArray());
        Assert.Equal(("unauthorized", 3), (fallback.GetProperty("reason").GetString(), fallback.GetProperty("frames").GetInt32()));

        var required = await CommandLine.RunAsync([.. line, "--require-server"]);
        Assert.Equal((1, ""), (required.ExitCode, required.Output));
        Assert.Contains("wrong key", required.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_trusted_is_told_before_the_model_is_looked_at_with_the_option_that_mends_it()
    {
        using var authority = new TestAuthority(_folder);
        await File.WriteAllTextAsync(_folder["key"], Key);
        await using var server = await StartAsync(authority);
        string[] line = ["run", _folder["none.onnx"], "--server", server.Address, "--key-file", _folder["key"]];
        await ExpectAsync("--tls-ca", line);
        await ExpectAsync("--tls-name", [.. line, "--tls-ca", authority.CaFile, "--tls-name", "elsewhere"]);
        var absent = await CommandLine.RunAsync("run", _folder["none.onnx"], "--server", server.Address, "--key-file", _folder["no-key"]);
        Assert.Equal(2, absent.ExitCode);
        Assert.StartsWith("--key-file ", absent.Error, StringComparison.Ordinal);

        static async Task ExpectAsync(string option, string[] line)
        {
            var result = await CommandLine.RunAsync([.. line, "--require-server"]);
            Assert.Equal(1, result.ExitCode);
            Assert.StartsWith("A server cannot be used (no secure connection). No secure connection to", result.Error, StringComparison.Ordinal);
            Assert.Contains(option, result.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("Security.", result.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("none.onnx", result.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("tls", "ws", "does not speak WebSockets (it closed the connection)", "wss://")]
    [InlineData("tls", "tcp", "closed the connection before it said anything", "use tls:// in place of tcp://")]
    [InlineData("tcp", "tls", "No secure connection to", "tcp:// in place of tls://")]
    [InlineData("ws", "tcp", "speaks HTTP", "ws://HOST:PORT/PATH")]
    [InlineData("wss", "tls", "speaks HTTP", "wss://")]
    [InlineData("wss", "ws", "does not speak WebSockets (it closed the connection)", "needs wss:// in place of ws://")]
    [InlineData("ws", "wss", "No secure connection to", "ws:// in place of wss://")]
    public async Task Another_scheme_than_the_server_s_is_answered_in_a_line_with_the_right_one(string server, string client, string expected, string hint)
    {
        using var authority = new TestAuthority(_folder);
        var certificate = authority.Issue("server");
        await using var process = await ServerProcess.StartAsync(_model, "--listen", $"{server}://127.0.0.1:0", "--tls-cert", certificate.CertificateFile, "--tls-key", certificate.KeyFile, "--json");
        var result = await CommandLine.RunAsync("ping", $"{client}://127.0.0.1:{new Uri(process.Address).Port}", "--tls-ca", authority.CaFile);
        Assert.Equal(1, result.ExitCode);
        Assert.Single(result.Error.TrimEnd().Split('\n'));
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.Contains(hint, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_server_prints_to_paste_has_the_options_that_clients_need()
    {
        using var authority = new TestAuthority(_folder);
        await using var server = await StartAsync(authority);
        Assert.Equal("--tls-ca CA.pem --key-file KEY.txt", server.Options);
    }

    [Theory]
    [InlineData("--listen tcp://0.0.0.0:0 --tls-cert c --tls-key k", "Use tls:// or wss:// in its place, and set --keys or --tls-client-ca;")]
    [InlineData("--listen tcp://0.0.0.0:0 --keys keys", "Use tls:// or wss:// in its place, with --tls-cert and --tls-key;")]
    [InlineData("--listen tls://0.0.0.0:0 --tls-cert c --tls-key k", "without knowing its clients. Set --keys or --tls-client-ca;")]
    public async Task A_refusal_to_listen_names_only_what_is_missing(string options, string expected) =>
        Assert.Contains(expected, (await CommandLine.RunAsync(["serve", _model, .. options.Split(' ')])).Error, StringComparison.Ordinal);

    [Theory]
    [InlineData("--listen tcp://0.0.0.0:0", "--listen has tcp://0.0.0.0:0, which other machines reach, without encryption and without knowing its clients", "--insecure")]
    [InlineData("--listen tls://0.0.0.0:0 --tls-cert c --tls-key k", "which other machines reach, without knowing its clients", "--keys")]
    [InlineData("--listen tcp://[::]:0 --keys keys", "which other machines reach, without encryption.", "--tls-cert")]
    [InlineData("--listen tls://127.0.0.1:0", "needs a certificate", "--tls-key")]
    [InlineData("--tls-cert c", "go together", "--tls-key")]
    [InlineData("--tls-client-ca c", "clients show certificates only to a server that has one", "--tls-client-ca")]
    public async Task A_server_that_would_be_open_to_others_does_not_start_and_says_what_to_do(string options, string expected, string option)
    {
        var result = await CommandLine.RunAsync(["serve", _model, .. options.Split(' ')]);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.Contains(option, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("File", result.Error, StringComparison.Ordinal); // no property in place of an option
    }

    [Fact]
    public async Task Files_that_cannot_be_used_are_told_in_a_sentence()
    {
        var server = await CommandLine.RunAsync("serve", _model, "--listen", "tls://127.0.0.1:0", "--tls-cert", _folder["none.crt"], "--tls-key", _folder["none.key"]);
        Assert.Equal((1, ""), (server.ExitCode, server.Output));
        Assert.Contains("none.crt", server.Error, StringComparison.Ordinal);
        var client = await CommandLine.RunAsync("ping", "tls://127.0.0.1:1", "--tls-ca", _folder["none.pem"]);
        Assert.Equal((1, ""), (client.ExitCode, client.Output));
        Assert.Contains("none.pem", client.Error, StringComparison.Ordinal);
        Assert.Equal(2, (await CommandLine.RunAsync("ping", "tls://127.0.0.1:1", "--tls-cert", "c")).ExitCode);
        Assert.Contains("--insecure", (await CommandLine.RunAsync("ping", "tcp://192.0.2.1:7070", "--key-file", "key")).Error, StringComparison.Ordinal);
    }

    /// <summary>A server with a certificate of an authority, which knows one key.</summary>
    private async Task<ServerProcess> StartAsync(TestAuthority authority)
    {
        var certificate = authority.Issue("server");
        await File.WriteAllTextAsync(_folder["keys"], $"phone {Key}");
        return await ServerProcess.StartAsync(_model, "--listen", "tls://127.0.0.1:0", "--tls-cert", certificate.CertificateFile, "--tls-key", certificate.KeyFile, "--keys", _folder["keys"], "--json");
    }
}
