using SplitInfer.Protocol.Endpoints;
using SplitInfer.Protocol.Endpoints.Tls;
using SplitInfer.Server.Access;

namespace SplitInfer.Server;

/// <summary>
/// Who may use a server, and what protects what travels. All files are looked at again when they change: new connections use renewed certificates and
/// keys without a restart. A file that has changed into something that cannot be used is logged, and what was read before stays.
/// </summary>
public sealed class ServerSecurityOptions
{
    /// <summary>PEM file with the certificate that <c>tls://</c>, <c>wss://</c> and <c>https://</c> addresses show, and those of the authorities between, if any. Null (the default) without TLS.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>PEM file with the key of <see cref="CertificateFile"/>, not encrypted; may be the same file. Null unless set.</summary>
    public string? CertificateKeyFile { get; set; }

    /// <summary>PEM file with the authorities that sign the certificates of clients. Where it is set, <c>tls://</c>, <c>wss://</c> and <c>https://</c> accept only clients with such a certificate. Null (the default) asks for none.</summary>
    public string? ClientCaFile { get; set; }

    /// <summary>
    /// File with the keys that clients may have, a line each: a name, blanks, and the key, of 16 characters or more, or <c>sha256:</c> and its SHA-256 in
    /// hexadecimal digits. Lines that begin with <c>#</c> are comments. Several keys may have the same name, as while one replaces another. Where the file is
    /// set, every client needs a key, at all addresses. Connections whose key is removed finish what is in flight and close. Null (the default) asks for none.
    /// </summary>
    public string? KeysFile { get; set; }

    /// <summary>
    /// Whether the server may listen where other machines reach it without TLS or without knowing its clients, as in a network that is itself trusted; it
    /// then warns when it starts. False unless set.
    /// </summary>
    public bool AllowInsecure { get; set; }

    /// <summary>Reads the files once, and keeps nothing of them. A server does so when it starts, before it reads a model.</summary>
    /// <exception cref="SecurityFileException">A file with a certificate or keys cannot be used; the message names it.</exception>
    public void ValidateFiles()
    {
        if (CertificateFile is not null && CertificateKeyFile is not null) CertificateFiles.Identity(CertificateFile, CertificateKeyFile, Ignore);
        if (ClientCaFile is not null) CertificateFiles.Authorities(ClientCaFile, Ignore);
        if (KeysFile is not null) KeyRing.Watch(KeysFile, Ignore);

        static void Ignore(string reason) { }
    }

    /// <summary>Whether clients have to show who they are at an address of a scheme.</summary>
    private bool Authenticates(bool isEncrypted) => KeysFile is not null || (isEncrypted && ClientCaFile is not null);

    /// <summary>What is wrong with an address to listen at; null where nothing is.</summary>
    internal string? FaultOf(Endpoint endpoint) => endpoint.IsLocal ? null : FaultOf(endpoint.IsEncrypted, Authenticates(endpoint.IsEncrypted));

    /// <summary>What is wrong with serving a client that a proxy sends to an address of the server; null where nothing is. What lies before the proxy is the proxy's to encrypt.</summary>
    internal string? FaultOfForwarded(bool isEncrypted) => AllowInsecure ? null : FaultOf(isEncrypted: true, Authenticates(isEncrypted));

    /// <summary>What is wrong with serving another machine so; null where nothing is.</summary>
    /// <param name="isEncrypted">Whether what travels is encrypted.</param>
    /// <param name="isKnown">Whether someone before the server has made sure who the client is. Where there are keys, the server does.</param>
    internal string? FaultOf(bool isEncrypted, bool isKnown) => (isEncrypted, isKnown || KeysFile is not null) switch
    {
        (true, true) => null,
        (false, false) => "without encryption and without knowing its clients",
        (false, true) => "without encryption",
        (true, false) => "without knowing its clients",
    };

    /// <summary>Checks what can be checked without reading a file.</summary>
    /// <exception cref="ArgumentException">An option cannot be used; the message names it.</exception>
    /// <param name="addresses">Where the server is to listen, each with the name of the option that says so.</param>
    internal void Validate(IEnumerable<(string Option, Uri Address)> addresses)
    {
        if (CertificateFile is null != CertificateKeyFile is null)
            throw new ArgumentException($"{nameof(CertificateFile)} and {nameof(CertificateKeyFile)} go together; only one of them is set.");
        if (ClientCaFile is not null && CertificateFile is null)
            throw new ArgumentException($"{nameof(ClientCaFile)} is set without {nameof(CertificateFile)}: clients show certificates only to a server that has one.");
        foreach (var (option, address) in addresses)
        {
            if (CertificateFile is null && address is { IsAbsoluteUri: true, Scheme: "tls" or "wss" or "https" })
                throw new ArgumentException($"{option} has {address.OriginalString}, which needs a certificate. Set {nameof(CertificateFile)} and {nameof(CertificateKeyFile)}.");
            if (Parse(option, address) is var endpoint && !AllowInsecure && FaultOf(endpoint) is { } fault)
                throw new ArgumentException(
                    $"{option} has {address.OriginalString}, which other machines reach, {fault}. {RemedyFor(endpoint, IsHttp(address))}; "
                    + $"or listen at 127.0.0.1{(IsHttp(address) ? "" : " or a Unix socket")}; or set {nameof(AllowInsecure)} where the network itself is trusted.");
        }
    }

    /// <summary>What is missing to listen at an address, and only that.</summary>
    private string RemedyFor(Endpoint endpoint, bool isHttp)
    {
        var encryption = $"Use {(isHttp ? "https://" : "tls:// or wss://")} in its place{(CertificateFile is null ? $", with {nameof(CertificateFile)} and {nameof(CertificateKeyFile)}" : "")}";
        if (endpoint.IsEncrypted) return $"Set {nameof(KeysFile)} or {nameof(ClientCaFile)}";
        return Authenticates(isEncrypted: true) ? encryption : $"{encryption}, and set {nameof(KeysFile)} or {nameof(ClientCaFile)}";
    }

    private static bool IsHttp(Uri address) => address is { IsAbsoluteUri: true, Scheme: "http" or "https" };

    private static Endpoint Parse(string option, Uri address)
    {
        try
        {
            return option == nameof(SplitInferServerOptions.Listen) ? Endpoint.Parse(address) : HttpAddress.Parse(address);
        }
        catch (EndpointException error)
        {
            throw new ArgumentException($"{option} has an address that cannot be used: {error.Message}", error);
        }
    }
}
