using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace SplitInfer.Protocol.Endpoints.Tls;

/// <summary>Certificates in PEM files, which may be renewed at any time. What was replaced is left to the garbage collector, since a handshake may still use it.</summary>
internal static class CertificateFiles
{
    /// <summary>A certificate with its key, and the certificates that lead from it to an authority.</summary>
    /// <param name="certificate">The certificate, then those of the authorities between, if any.</param>
    /// <param name="key">Its key, not encrypted; may be the same file.</param>
    /// <param name="onBroken">Told why renewed files are not used.</param>
    /// <param name="onRenewed">Told of renewed ones, once they are used; null for nobody.</param>
    /// <exception cref="SecurityFileException">They cannot be used.</exception>
    public static WatchedFiles<SslStreamCertificateContext> Identity(string certificate, string key, Action<string> onBroken, Action<X509Certificate2>? onRenewed = null) => new(
        [certificate, key],
        () =>
        {
            var chain = new X509Certificate2Collection();
            var leaf = LoadIdentity(certificate, key);
            chain.ImportFromPemFile(certificate);
            chain.RemoveAt(0);
            return SslStreamCertificateContext.Create(leaf, chain, offline: true);
        },
        exception => new($"The certificate {certificate} with the key {key} cannot be used: {exception.Message.TrimEnd('.')}. Give PEM files that go together, and that this account may read.", exception),
        onBroken,
        onRenewed is null ? null : context => onRenewed(context.TargetCertificate));

    /// <summary>A certificate with a key that SslStream takes, which on Windows is not the ephemeral one of a PEM file.</summary>
    private static X509Certificate2 LoadIdentity(string certificate, string key)
    {
        var leaf = X509Certificate2.CreateFromPemFile(certificate, key);
        if (!OperatingSystem.IsWindows()) return leaf;
        using (leaf) return X509CertificateLoader.LoadPkcs12(leaf.Export(X509ContentType.Pkcs12), password: null);
    }

    /// <summary>The authorities that are trusted.</summary>
    /// <param name="path">Their certificates.</param>
    /// <param name="onBroken">Told why a renewed file is not used.</param>
    /// <param name="onRenewed">Told of renewed ones, once they are used; null for nobody.</param>
    /// <exception cref="SecurityFileException">It cannot be used.</exception>
    public static WatchedFiles<X509Certificate2Collection> Authorities(string path, Action<string> onBroken, Action<X509Certificate2Collection>? onRenewed = null) => new(
        [path],
        () =>
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(path);
            return authorities.Count > 0 ? authorities : throw new FormatException("there is no certificate in it");
        },
        exception => new($"The authorities in {path} cannot be used: {exception.Message.TrimEnd('.')}. Give a PEM file with the certificate of each, and that this account may read.", exception),
        onBroken,
        onRenewed);

    /// <summary>Trusts these authorities and no others. Nothing is fetched from anywhere.</summary>
    public static X509ChainPolicy Trusting(X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }
}
