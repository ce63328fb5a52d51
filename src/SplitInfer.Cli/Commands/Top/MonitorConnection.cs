using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SplitInfer.Cli.Inputs;
using SplitInfer.Client.Transport;

namespace SplitInfer.Cli.Commands.Top;

/// <summary>Reaches a server over HTTP, with the options by which others reach it over frames.</summary>
internal static class MonitorConnection
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Opens nothing yet.</summary>
    /// <exception cref="UsageException">The address is none of HTTP, the key would travel unencrypted, or a file cannot be used.</exception>
    public static HttpClient Open(Uri server, ClientSecurityOptions security)
    {
        if (server.Scheme != Uri.UriSchemeHttp && server.Scheme != Uri.UriSchemeHttps)
            throw new UsageException($"--server {server} is not where the server answers HTTP; give the address of 'splitinfer serve --http', such as http://127.0.0.1:8080.");
        if (security.KeyFile is not null && server.Scheme == Uri.UriSchemeHttp && !server.IsLoopback && !security.AllowInsecure)
            throw new UsageException($"The key would travel to {server} unencrypted. Use https://, or add --insecure where the network itself is trusted.");
        // A server that sends to another address would get the key sent there.
        var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = ConnectTimeout, SslOptions = TlsOf(security) }) { Timeout = Timeout.InfiniteTimeSpan };
        // The handler takes the name that a certificate must have from here, and from nowhere else.
        if (security.ServerName is { } name) http.DefaultRequestHeaders.Host = name;
        return http;
    }

    private static SslClientAuthenticationOptions TlsOf(ClientSecurityOptions security)
    {
        var tls = new SslClientAuthenticationOptions();
        if (security.CaFile is { } authorities)
        {
            tls.CertificateChainPolicy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
            Load("--tls-ca", authorities, () => tls.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(authorities));
        }

        if (security.CertificateFile is { } certificate)
            Load("--tls-cert", certificate, () => tls.ClientCertificateContext = SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(certificate, security.CertificateKeyFile), additionalCertificates: null));
        return tls;
    }

    private static void Load(string option, string file, Action load)
    {
        try
        {
            load();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new UsageException($"{option} {file} cannot be used: {error.Message}");
        }
    }
}
