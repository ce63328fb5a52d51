using System.CommandLine;
using SplitInfer.Cli.Inputs;
using SplitInfer.Client.Transport;

namespace SplitInfer.Cli.Commands;

/// <summary>Options of every command that connects to a server: whom it trusts, and how it shows who it is.</summary>
internal sealed class ConnectionOptions
{
    private readonly Option<string?> _authorities = File("--tls-ca", "The authorities that sign the certificates of tls://, wss:// and https:// servers, in PEM form. [default: those of the system]");
    private readonly Option<string?> _name = new("--tls-name") { Description = "The name that a tls://, wss:// or https:// server's certificate must have. [default: the host of its address]", HelpName = "NAME" };
    private readonly Option<string?> _certificate = File("--tls-cert", "The certificate that a tls://, wss:// or https:// server is shown, in PEM form; needs --tls-key.");
    private readonly Option<string?> _certificateKey = File("--tls-key", "The key of --tls-cert, in PEM form.");
    private readonly Option<string?> _key = File("--key-file", "A file with the key that the server knows this client by, in its first line.");
    private readonly Option<bool> _insecure = new("--insecure") { Description = "Send the key over tcp://, ws:// or http:// to another machine as well, where others on the network can read it." };

    /// <summary>All of them.</summary>
    public IEnumerable<Option> All => [_authorities, _name, _certificate, _certificateKey, _key, _insecure];

    /// <summary>An option that names a file, which may come to be later.</summary>
    public static Option<string?> File(string name, string description) => new(name) { Description = description, HelpName = "F" };

    /// <summary>How servers are reached, by the options given.</summary>
    /// <exception cref="UsageException">They do not go together.</exception>
    public TransportOptions Of(ParseResult parsed)
    {
        if (parsed.GetValue(_certificate) is null != parsed.GetValue(_certificateKey) is null) throw new UsageException("--tls-cert and --tls-key go together; give both, or neither.");
        return new()
        {
            Security =
            {
                CaFile = parsed.GetValue(_authorities),
                ServerName = parsed.GetValue(_name),
                CertificateFile = parsed.GetValue(_certificate),
                CertificateKeyFile = parsed.GetValue(_certificateKey),
                KeyFile = parsed.GetValue(_key),
                AllowInsecure = parsed.GetValue(_insecure),
            },
        };
    }
}
