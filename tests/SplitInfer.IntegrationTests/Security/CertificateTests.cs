using System.Net.Security;
using System.Security.Authentication;
using SplitInfer.Client.Transport;
using SplitInfer.IntegrationTests.Transport;
using SplitInfer.Protocol.Endpoints;
using SplitInfer.Testing;
using SplitInfer.Testing.Certificates;
using SplitInfer.Testing.Wire;

namespace SplitInfer.IntegrationTests.Security;

/// <summary>Whom either end trusts, and what it says of others.</summary>
public sealed class CertificateTests
{
    [Theory]
    [InlineData("expired", "expired at")]
    [InlineData("not yet valid", "is not valid before")]
    [InlineData("of another host", "is for elsewhere.example, not for 127.0.0.1")]
    [InlineData("untrusted", "of CN=other, who is not trusted here")]
    [InlineData("self-signed", "is self-signed, and not trusted here")]
    [InlineData("expired", "expired at", "wss")]
    [InlineData("of another host", "is for elsewhere.example, not for 127.0.0.1", "wss")]
    [InlineData("untrusted", "of CN=other, who is not trusted here", "wss")]
    public async Task A_server_with_such_a_certificate_is_not_used_and_the_message_says_why(string kind, string expected, string scheme = "tls")
    {
        using var folder = new TestFolder();
        using var other = new TestAuthority(folder, "other");
        await using var server = new SecureServer((security, server) =>
        {
            var issued = kind switch
            {
                "expired" => server.Authority.Issue("bad", fromDays: -3, toDays: -1),
                "not yet valid" => server.Authority.Issue("bad", fromDays: 1, toDays: 3),
                "of another host" => server.Authority.Issue("bad", host: "elsewhere.example"),
                "untrusted" => other.Issue("bad"),
                _ => server.Authority.Issue("bad", isSelfSigned: true),
            };
            (security.CertificateFile, security.CertificateKeyFile) = (issued.CertificateFile, issued.KeyFile);
        }, scheme: scheme);
        var message = await server.RefusalAsync();
        Assert.Contains($"No secure connection to {server.Address}", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
        // What HTTP servers say of handshakes that clients end is theirs.
        if (scheme == "tls") await server.Log.FirstAsync("HandshakeFailed");
    }

    [Fact]
    public async Task Without_an_authority_of_its_own_a_client_trusts_those_of_the_system_and_not_this_one()
    {
        await using var server = new SecureServer();
        Assert.Contains("not trusted here", await server.RefusalAsync(static client => client.CaFile = null), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tls")]
    [InlineData("wss")]
    public async Task A_name_that_is_stated_takes_the_place_of_the_address_s(string scheme)
    {
        await using var server = new SecureServer(static (security, server) =>
        {
            var issued = server.Authority.Issue("named", host: "inference.example");
            (security.CertificateFile, security.CertificateKeyFile) = (issued.CertificateFile, issued.KeyFile);
        }, scheme: scheme);
        await server.ExchangeAsync(static client => client.ServerName = "inference.example");
        Assert.Contains("not for other.example", await server.RefusalAsync(static client => client.ServerName = "other.example"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tls")]
    [InlineData("wss")]
    public async Task A_server_that_asks_for_certificates_serves_only_clients_whose_authority_it_knows(string scheme)
    {
        using var folder = new TestFolder();
        using var other = new TestAuthority(folder, "other");
        await using var server = new SecureServer(static (security, server) => security.ClientCaFile = server.Authority.CaFile, scheme: scheme);
        var (known, strange, late) = (server.Authority.Issue("client"), other.Issue("client"), server.Authority.Issue("late", fromDays: -3, toDays: -1));
        await server.ExchangeAsync(client => Show(client, known));
        Assert.Contains("It may require a client certificate, and this client shows none", await server.RefusalAsync(), StringComparison.Ordinal);
        Assert.Contains("It may not trust the client certificate", await server.RefusalAsync(client => Show(client, strange)), StringComparison.Ordinal);
        Assert.Contains("It may not trust the client certificate", await server.RefusalAsync(client => Show(client, late)), StringComparison.Ordinal);
        for (var attempt = 0; server.Log.Of("HandshakeFailed").Length < 3 && attempt < 1500; attempt++) await Task.Delay(20);
        Assert.Collection(server.Log.Of("HandshakeFailed"),
            static missing => Assert.Contains("the client's certificate is missing", missing, StringComparison.Ordinal),
            static untrusted => Assert.Contains("the client's certificate for localhost, 127.0.0.1 is of CN=other, who is not trusted here", untrusted, StringComparison.Ordinal),
            static expired => Assert.Contains("expired at", expired, StringComparison.Ordinal));
        await server.ExchangeAsync(client => Show(client, known));
    }

    [Theory]
    [InlineData("tls")]
    [InlineData("wss")]
    public async Task A_renewed_certificate_is_shown_to_new_connections_and_those_that_there_are_go_on(string scheme)
    {
        await using var server = new SecureServer(scheme: scheme);
        await using var before = server.Transport();
        await new Exchange(WirePlan.Fixed, seed: 1).MakeAsync(before);
        Assert.Equal(server.Certificate.Thumbprint, await ShownAsync(server));
        var renewed = server.Authority.Issue("server");
        Assert.NotEqual(server.Certificate.Thumbprint, renewed.Thumbprint);
        Assert.Equal(renewed.Thumbprint, await ShownAsync(server));
        Assert.Contains(renewed.CertificateFile, Assert.Single(server.Log.Of("CertificateRenewed")), StringComparison.Ordinal);
        Assert.Empty(server.Log.Of("CertificateOutOfTime"));
        await server.ExchangeAsync();
        await new Exchange(WirePlan.Fixed, seed: 2).MakeAsync(before);
    }

    [Fact]
    public async Task A_renewal_that_has_expired_is_shown_and_warned_of()
    {
        await using var server = new SecureServer();
        var expired = server.Authority.Issue("server", fromDays: -9, toDays: -2);
        await Assert.ThrowsAsync<AuthenticationException>(() => ShownAsync(server));
        Assert.Contains(expired.CertificateFile, Assert.Single(server.Log.Of("CertificateOutOfTime")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_renewal_that_cannot_be_used_changes_nothing_is_logged_and_may_be_mended()
    {
        await using var server = new SecureServer();
        var key = await File.ReadAllTextAsync(server.Certificate.KeyFile);
        var other = server.Authority.Issue("other");
        foreach (var broken in new[] { "no key at all", await File.ReadAllTextAsync(other.KeyFile) + "\n" })
        {
            await File.WriteAllTextAsync(server.Certificate.KeyFile, broken);
            Assert.Equal(server.Certificate.Thumbprint, await ShownAsync(server));
            Assert.Equal(server.Certificate.Thumbprint, await ShownAsync(server));
        }

        File.Delete(server.Certificate.KeyFile);
        await server.ExchangeAsync();
        Assert.Equal(3, server.Log.Of("RenewalFailed").Length); // once a change, however many connect
        Assert.All(server.Log.Of("RenewalFailed"), message => Assert.Contains(server.Certificate.KeyFile, message, StringComparison.Ordinal));
        await File.WriteAllTextAsync(server.Certificate.KeyFile, key);
        await server.ExchangeAsync();
        Assert.Equal(server.Authority.Issue("server").Thumbprint, await ShownAsync(server));
    }

    [Fact]
    public void Files_that_cannot_be_used_are_told_when_the_ends_are_made()
    {
        var missing = Assert.Throws<SecurityFileException>(() => new SecureServer(static (security, server) => security.CertificateFile = server.Folder["missing.crt"]));
        Assert.Contains("missing.crt", missing.Message, StringComparison.Ordinal);
        using var folder = new TestFolder();
        using var authority = new TestAuthority(folder);
        var (one, two) = (authority.Issue("one"), authority.Issue("two"));
        Assert.Contains("go together", Assert.Throws<SecurityFileException>(() => Probe(new() { CertificateFile = one.CertificateFile, CertificateKeyFile = two.KeyFile })).Message, StringComparison.Ordinal);
        File.WriteAllText(folder["empty.pem"], "\n");
        Assert.Contains("there is no certificate in it", Assert.Throws<SecurityFileException>(() => Probe(new() { CaFile = folder["empty.pem"] })).Message, StringComparison.Ordinal);
        Assert.Contains("CertificateKeyFile", Assert.Throws<ArgumentException>(() => Probe(new() { CertificateFile = one.CertificateFile })).Message, StringComparison.Ordinal);

        static ServerProbe Probe(ClientSecurityOptions security) => new(new("tls://127.0.0.1:1"), new() { Security = security });
    }

    private static void Show(ClientSecurityOptions client, TestCertificate certificate) => (client.CertificateFile, client.CertificateKeyFile) = (certificate.CertificateFile, certificate.KeyFile);

    /// <summary>The certificate that a new connection is shown.</summary>
    private static async Task<string> ShownAsync(SecureServer server)
    {
        await using var stream = new SslStream(await server.ConnectRawAsync());
        await stream.AuthenticateAsClientAsync(server.OtherClient());
        return stream.RemoteCertificate!.GetCertHashString();
    }
}
