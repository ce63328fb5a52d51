using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace SplitInfer.Protocol.Endpoints.Tls;

/// <summary>The server's part of a handshake: it shows a certificate, and may require one of its clients.</summary>
/// <param name="identity">The server's certificate.</param>
/// <param name="clientAuthorities">Who signs the certificates that clients must have; null where they need none.</param>
internal sealed class TlsServer(WatchedFiles<SslStreamCertificateContext> identity, WatchedFiles<X509Certificate2Collection>? clientAuthorities) : TlsParty
{
    // The use of a certificate that SslStream demands of clients as well.
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    public override string EarlyEnd => "the client ended the connection right after the TLS handshake. It may not trust this server's certificate; its own message says why.";

    protected override string Advice => "The client may speak no TLS (use tls:// there), or no TLS 1.3, or may not trust this server's certificate.";

    protected override Task ShakeHandsAsync(SslStream stream, string host, Verdict verdict) => stream.AuthenticateAsServerAsync(OptionsNow(reason => verdict.Distrust = reason));

    /// <summary>Whether a certificate that an application's HTTP server was shown is of one of the authorities that sign those of clients.</summary>
    public bool Trusts(X509Certificate2 certificate)
    {
        if (clientAuthorities is null) return false;
        using var chain = new X509Chain { ChainPolicy = CertificateFiles.Trusting(clientAuthorities.Current) };
        chain.ChainPolicy.ApplicationPolicy.Add(new(ClientAuthentication));
        return chain.Build(certificate);
    }

    /// <summary>How to shake hands with the next client, for HTTP servers, which do it themselves.</summary>
    /// <param name="onDistrust">Told why the client is not trusted.</param>
    public SslServerAuthenticationOptions OptionsNow(Action<string> onDistrust) => new()
    {
        EnabledSslProtocols = Version,
        ServerCertificateContext = identity.Current,
        ClientCertificateRequired = clientAuthorities is not null,
        CertificateChainPolicy = clientAuthorities is null ? null : CertificateFiles.Trusting(clientAuthorities.Current),
        AllowRenegotiation = false,
        // A session that is taken up again would outlive the authority that its client was trusted by.
        AllowTlsResume = false,
        RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
        {
            if (clientAuthorities is null || errors == SslPolicyErrors.None) return true;
            onDistrust(CertificateFault.Of(certificate, chain, errors, "the client's", "", "The client needs a certificate of an authority that this server knows."));
            return false;
        },
    };
}
