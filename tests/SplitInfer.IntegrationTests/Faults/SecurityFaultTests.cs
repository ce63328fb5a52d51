using SplitInfer.Client.Transport;
using SplitInfer.IntegrationTests.EndToEnd;
using SplitInfer.Protocol;
using SplitInfer.Testing;
using SplitInfer.Testing.Certificates;
using Xunit.Abstractions;

namespace SplitInfer.IntegrationTests.Faults;

/// <summary>Certificates and keys that turn bad while clients in every mode use a server, and are mended: every call is right, and the server is used again.</summary>
public sealed class SecurityFaultTests(ITestOutputHelper output) : IAsyncLifetime, IDisposable
{
    private const string FirstKey = "first-key-0123456789", SecondKey = "second-key-0123456789";

    private static readonly Dictionary<string, (Action<SecurityFaultTests> Break, Action<SecurityFaultTests> Mend)> Faults = new()
    {
        ["certificate that has expired"] = (static t => t._authority.Issue("server", fromDays: -3, toDays: -1), static t => t._authority.Issue("server")),
        ["certificate that is not valid yet"] = (static t => t._authority.Issue("server", fromDays: 1, toDays: 3), static t => t._authority.Issue("server")),
        ["certificate of another host"] = (static t => t._authority.Issue("server", host: "elsewhere.example"), static t => t._authority.Issue("server")),
        ["certificate of an authority that is not trusted"] = (static t => t._other.Issue("server"), static t => t._authority.Issue("server")),
        ["certificate signed by itself"] = (static t => t._authority.Issue("server", isSelfSigned: true), static t => t._authority.Issue("server")),
        ["key removed at the server"] = (static t => t.WriteKeys("tablet", SecondKey), static t => t.WriteKeys("phone", FirstKey)),
        ["key replaced at the server before the clients have the new one"] = (static t => t.WriteKeys("phone", SecondKey), static t => t._key = SecondKey),
        ["no key at the client"] = (static t => t._key = "", static t => t._key = FirstKey),
        ["wrong key at the client"] = (static t => t._key = SecondKey, static t => t._key = FirstKey),
        ["key that the client cannot read"] = (static t => t._key = null, static t => t._key = FirstKey),
    };

    private readonly TestFolder _folder = new();
    private TestAuthority _authority = null!;
    private TestAuthority _other = null!;
    private Deployment _deployment = null!;
    private volatile string? _key = FirstKey;

    public static TheoryData<string> Names => [.. Faults.Keys];

    public async Task InitializeAsync()
    {
        (_authority, _other) = (new(_folder), new(_folder, "other"));
        var certificate = _authority.Issue("server");
        WriteKeys("phone", FirstKey);
        _deployment = await FaultWorld.DeployAsync("tls", configure: options =>
            (options.Security.CertificateFile, options.Security.CertificateKeyFile, options.Security.KeysFile) = (certificate.CertificateFile, certificate.KeyFile, _folder["keys"]));
    }

    public Task DisposeAsync() => _deployment.DisposeAsync().AsTask();

    public void Dispose()
    {
        _authority.Dispose();
        _other.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_device_answers_until_it_is_mended(string fault)
    {
        await using var world = await FaultWorld.StartAsync(_deployment, configure: client =>
        {
            // A handshake takes longer than a bare connection, on a machine that is busy.
            client.Transport.ConnectTimeout = TimeSpan.FromSeconds(5);
            client.Transport.Security.CaFile = _authority.CaFile;
            client.Transport.Security.KeySource = _ => new(_key ?? throw new IOException("The store of secrets does not answer."));
        });
        Faults[fault].Break(this);
        world.Proxy.ForEach(static connection => connection.Reset());
        await world.InferAsync();
        // A client that has no key does not even connect.
        await world.InferUntilAsync(() => world.FailForAll(fault.StartsWith("certificate", StringComparison.Ordinal) || fault.Contains("client cannot", StringComparison.Ordinal) || fault.StartsWith("no key", StringComparison.Ordinal)
            ? static failure => failure is ServerUnreachableException
            : static failure => failure is TailRefusedException { Code: RefusalCode.Unauthorized }));
        Faults[fault].Mend(this);
        await world.ReturnAsync();
        output.WriteLine($"longest call {world.LongestCall.TotalSeconds:0.00} s, server used again by all after {world.LongestReturn.TotalSeconds:0.00} s ({world.SlowestToReturn})");
    }

    private void WriteKeys(string name, string key)
    {
        // Over the old file, as operators are told to.
        File.WriteAllText(_folder["keys.new"], $"{name} {key}");
        File.Move(_folder["keys.new"], _folder["keys"], overwrite: true);
    }
}
