using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace SplitInfer.Testing.Certificates;

/// <summary>An authority of a test's own, which signs certificates as they should be and as they should not.</summary>
public sealed class TestAuthority : IDisposable
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1", ClientUse = "1.3.6.1.5.5.7.3.2";

    private readonly TestFolder _folder;
    private readonly X509Certificate2 _certificate;
    private int _serial;

    /// <param name="folder">Where its files lie.</param>
    /// <param name="name">Tells it from others in the same folder.</param>
    public TestAuthority(TestFolder folder, string name = "ca")
    {
        (_folder, Name) = (folder, name);
        var now = TimeProvider.System.GetUtcNow();
        _certificate = Request($"CN={name}", isAuthority: true, out _).CreateSelfSigned(now.AddDays(-1000), now.AddDays(1000));
        CaFile = folder[$"{name}.pem"];
        File.WriteAllText(CaFile, _certificate.ExportCertificatePem());
    }

    /// <summary>What it is called.</summary>
    public string Name { get; }

    /// <summary>Its certificate.</summary>
    public string CaFile { get; }

    /// <summary>Signs a certificate for a server at <c>localhost</c> and <c>127.0.0.1</c>, or one with the given name, and writes it and its key.</summary>
    /// <param name="file">The file's name, without an extension; files that are there are replaced.</param>
    /// <param name="host">The only name; null for those of the loopback interface.</param>
    /// <param name="fromDays">From when it is valid, in days from now.</param>
    /// <param name="toDays">Until when.</param>
    /// <param name="isSelfSigned">Whether it is signed by itself instead.</param>
    public TestCertificate Issue(string file, string? host = null, double fromDays = -1, double toDays = 1, bool isSelfSigned = false)
    {
        var request = Request($"CN={file}", isAuthority: false, out var key);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host ?? "localhost");
        if (host is null) names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new(ServerUse), new(ClientUse)], critical: false));
        var now = TimeProvider.System.GetUtcNow();
        var (from, to) = (now.AddDays(fromDays), now.AddDays(toDays));
        using (key)
        using (var certificate = isSelfSigned ? request.CreateSelfSigned(from, to) : request.Create(_certificate, from, to, BitConverter.GetBytes(++_serial)))
        {
            var issued = new TestCertificate(_folder[$"{file}.crt"], _folder[$"{file}.key"], certificate.Thumbprint);
            File.WriteAllText(issued.CertificateFile, certificate.ExportCertificatePem());
            File.WriteAllText(issued.KeyFile, key.ExportPkcs8PrivateKeyPem());
            return issued;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _certificate.Dispose();

    private static CertificateRequest Request(string subject, bool isAuthority, out ECDsa key)
    {
        key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, hasPathLengthConstraint: false, 0, critical: true));
        if (isAuthority) request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return request;
    }
}

/// <summary>A certificate and its key, in PEM files.</summary>
/// <param name="CertificateFile">The certificate.</param>
/// <param name="KeyFile">Its key.</param>
/// <param name="Thumbprint">Which one it is.</param>
public sealed record TestCertificate(string CertificateFile, string KeyFile, string Thumbprint);
