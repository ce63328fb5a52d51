namespace SplitInfer.Client.Transport;

/// <summary>
/// Whom a client trusts, and how it shows a server who it is. Files are looked at again for every connection, so that renewed certificates and keys are
/// used without a restart.
/// </summary>
public sealed class ClientSecurityOptions
{
    /// <summary>PEM file with the authorities that sign the certificates of <c>tls://</c> and <c>wss://</c> servers. Null (the default) trusts those of the system.</summary>
    public string? CaFile { get; set; }

    /// <summary>The name that the server's certificate must have, where it is not the host of the address. Null (the default) takes that host.</summary>
    public string? ServerName { get; set; }

    /// <summary>PEM file with the certificate that a <c>tls://</c> or <c>wss://</c> server is shown, and those of the authorities between, if any. Null (the default) shows none.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>PEM file with the key of <see cref="CertificateFile"/>, not encrypted; may be the same file. Null unless set.</summary>
    public string? CertificateKeyFile { get; set; }

    /// <summary>The key that the server knows this client by. Null (the default) for none. Rather keep it in a <see cref="KeyFile"/>, or take it from a <see cref="KeySource"/>.</summary>
    public string? Key { get; set; }

    /// <summary>File with the key, in its first line. Null unless set.</summary>
    public string? KeyFile { get; set; }

    /// <summary>Gives the key for each new connection, as from a store of secrets. It has <see cref="TransportOptions.ConnectTimeout"/> to answer, when its token fires. A client asks it for one connection to a server at a time, and not again before it has answered. Null unless set.</summary>
    public Func<CancellationToken, ValueTask<string>>? KeySource { get; set; }

    /// <summary>Whether the key may be sent over <c>tcp://</c> or <c>ws://</c> to another machine, where others on the network can read it. False unless set.</summary>
    public bool AllowInsecure { get; set; }

    /// <summary>The options as they are now.</summary>
    internal ServerAccess Snapshot() => new(CaFile, ServerName, CertificateFile, CertificateKeyFile, Key, KeyFile, KeySource, AllowInsecure);

    /// <summary>Checks what can be checked without reading a file.</summary>
    /// <param name="name">What the options are called where they are set.</param>
    /// <exception cref="ArgumentException">One cannot be used; the message names it.</exception>
    internal void Validate(string name)
    {
        Require(CertificateFile is null == CertificateKeyFile is null, nameof(CertificateFile), $"set where {nameof(CertificateKeyFile)} is, and not where it is not");
        Require((Key is null ? 0 : 1) + (KeyFile is null ? 0 : 1) + (KeySource is null ? 0 : 1) <= 1, nameof(Key), $"null where {nameof(KeyFile)} or {nameof(KeySource)} is set; only one of the three gives the key");
        Require(Key is not "", nameof(Key), "a key, or null for none");

        void Require(bool isRight, string option, string expected)
        {
            if (!isRight) throw new ArgumentException($"The option {name}.{option} must be {expected}.", $"{name}.{option}");
        }
    }
}
