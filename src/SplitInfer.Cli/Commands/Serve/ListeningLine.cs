using System.Net;
using SplitInfer.Server;

namespace SplitInfer.Cli.Commands.Serve;

/// <summary>An address at which a server listens.</summary>
/// <param name="Listening">Where it listens.</param>
/// <param name="Connect">Where clients reach it: the name of this machine in place of an address that stands for all of its own.</param>
/// <param name="Options">What clients have to name beside it, of splitinfer or of curl, with words in capitals in place of their files; empty where that is nothing.</param>
internal sealed record ListeningLine(Uri Listening, string Connect, string Options)
{
    public static ListeningLine Of(Uri endpoint, ServerSecurityOptions security)
    {
        var isAny = IPAddress.TryParse(endpoint.Host.Trim('[', ']'), out var address) && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));
        return new(endpoint, (isAny ? $"{endpoint.Scheme}://{Dns.GetHostName()}:{endpoint.Port}{endpoint.PathAndQuery}" : endpoint.ToString()).TrimEnd('/'), OptionsFor(endpoint, security));
    }

    // In words of curl, which most who look at an address of HTTP have.
    private static string OptionsForHttp(Uri endpoint, ServerSecurityOptions security)
    {
        IEnumerable<string> options =
        [
            .. endpoint.Scheme == "https" ? ["--cacert CA.pem"] : (string[])[],
            .. endpoint.Scheme == "https" && security.ClientCaFile is not null ? ["--cert CLIENT.crt --key CLIENT.key"] : (string[])[],
            .. security.KeysFile is not null ? ["-H \"Authorization: Bearer $(cat KEY.txt)\""] : (string[])[],
        ];
        return string.Join(' ', options);
    }

    private static string OptionsFor(Uri endpoint, ServerSecurityOptions security)
    {
        if (endpoint.Scheme is "http" or "https") return OptionsForHttp(endpoint, security);
        var isEncrypted = endpoint.Scheme is "tls" or "wss";
        IEnumerable<string> options =
        [
            .. isEncrypted ? ["--tls-ca CA.pem"] : (string[])[],
            .. isEncrypted && security.ClientCaFile is not null ? ["--tls-cert CLIENT.crt --tls-key CLIENT.key"] : (string[])[],
            .. security.KeysFile is not null ? ["--key-file KEY.txt"] : (string[])[],
            // A key goes to another machine unencrypted only where its client is told so.
            .. security.KeysFile is not null && !isEncrypted && endpoint is { IsFile: false, IsLoopback: false } and not { Scheme: "unix" } ? ["--insecure"] : (string[])[],
        ];
        return string.Join(' ', options);
    }
}
