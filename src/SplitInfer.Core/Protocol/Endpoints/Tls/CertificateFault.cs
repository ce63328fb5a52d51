using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace SplitInfer.Protocol.Endpoints.Tls;

/// <summary>What is wrong with a certificate, in words that say what to do.</summary>
internal static class CertificateFault
{
    /// <summary>What is wrong with the certificate of the other end.</summary>
    /// <param name="whose">Whose it is, such as "the server's".</param>
    /// <param name="host">The name that it should have.</param>
    /// <param name="howToTrust">How this end is told whom to trust.</param>
    public static string Of(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors, string whose, string host, string howToTrust)
    {
        if (certificate is not X509Certificate2 shown) return $"{whose} certificate is missing. Give that end a certificate and its key.";
        var status = chain?.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, static (all, one) => all | one.Status) ?? X509ChainStatusFlags.NoError;
        if (status.HasFlag(X509ChainStatusFlags.NotTimeValid)) return OutOfTime(shown, whose);
        if ((status & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) != 0)
            return $"{whose} certificate for {Name(shown)} is {(shown.Issuer == shown.Subject ? "self-signed, and not" : $"of {PeerText.Clean(shown.Issuer)}, who is not")} trusted here. {howToTrust}";
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            return $"{whose} certificate is for {Name(shown)}, not for {host}. Connect by a name that the certificate has, or state the name that it should have (Security.ServerName).";
        var reasons = string.Join(", ", chain?.ChainStatus.Select(static one => one.StatusInformation.Trim().TrimEnd('.')) ?? []);
        return $"{whose} certificate for {Name(shown)} cannot be used: {(reasons.Length > 0 ? PeerText.Clean(reasons) : errors)}. Give that end another certificate.";
    }

    private static string OutOfTime(X509Certificate2 shown, string whose)
    {
        // A certificate of an authority may be the one that is out of time.
        var (now, from, until) = (TimeProvider.System.GetUtcNow(), new DateTimeOffset(shown.NotBefore).ToUniversalTime(), new DateTimeOffset(shown.NotAfter).ToUniversalTime());
        if (now < from) return string.Create(CultureInfo.InvariantCulture, $"{whose} certificate for {Name(shown)} is not valid before {from:u}. Check the clocks of both machines, or wait until then.");
        return now > until
            ? string.Create(CultureInfo.InvariantCulture, $"{whose} certificate for {Name(shown)} expired at {until:u}. Renew it; a server takes up renewed files by itself.")
            : $"{whose} certificate for {Name(shown)} was signed by an authority whose own certificate has expired, or is not valid yet. Renew that one.";
    }

    /// <summary>The names in a certificate that a host may have, or else its subject.</summary>
    private static string Name(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(static names => names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(static address => address.ToString()))).ToArray();
        return PeerText.Clean(names.Length > 0 ? string.Join(", ", names) : certificate.Subject);
    }
}
