using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace SplitInfer.Protocol.Endpoints.Tls;

/// <summary>The client's part of a handshake: it trusts servers by an authority and a name, and may show a certificate.</summary>
/// <param name="authorities">Whom it trusts; null for those of the system.</param>
/// <param name="serverName">The name that the server's certificate must have; null for the host of its address.</param>
/// <param name="identity">The client's certificate; null for none.</param>
internal sealed class TlsClient(WatchedFiles<X509Certificate2Collection>? authorities, string? serverName, WatchedFiles<SslStreamCertificateContext>? identity) : TlsParty
{
    /// <summary>Trusts what the system trusts, and shows no certificate.</summary>
    public static TlsClient Default { get; } = new(null, null, null);

    public override string EarlyEnd =>
        $"the server ended the connection right after the TLS handshake. {(identity is null ? "It may require a client certificate, and this client shows none (Security.CertificateFile and Security.CertificateKeyFile)" : "It may not trust the client certificate")}; its log says why.";

    protected override string Advice => "The server may speak no TLS at this address (it is then tcp:// in place of tls://, or ws:// in place of wss://), or no TLS 1.3; its log may say why.";

    protected override Task ShakeHandsAsync(SslStream stream, string host, Verdict verdict) => stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
    {
        EnabledSslProtocols = Version,
        TargetHost = serverName ?? host,
        CertificateChainPolicy = authorities is null ? null : CertificateFiles.Trusting(authorities.Current),
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        ClientCertificateContext = identity?.Current,
        AllowRenegotiation = false,
        // A session that is taken up again would outlive the certificate that it began with.
        AllowTlsResume = false,
        RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
        {
            if (errors == SslPolicyErrors.None) return true;
            verdict.Distrust = CertificateFault.Of(certificate, chain, errors, "the server's", serverName ?? host, "If it is the right server, give this client the certificate of the authority that signed it, in a PEM file (Security.CaFile).");
            return false;
        },
    });
}
