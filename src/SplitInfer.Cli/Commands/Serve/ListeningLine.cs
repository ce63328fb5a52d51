using System.Net;

namespace SplitInfer.Cli.Commands.Serve;

/// <summary>An address at which a server listens.</summary>
/// <param name="Listening">Where it listens.</param>
/// <param name="Connect">Where clients reach it: the name of this machine in place of an address that stands for all of its own.</param>
internal sealed record ListeningLine(Uri Listening, string Connect)
{
    public static ListeningLine Of(Uri endpoint)
    {
        var isAny = IPAddress.TryParse(endpoint.Host.Trim('[', ']'), out var address) && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));
        return new(endpoint, (isAny ? $"{endpoint.Scheme}://{Dns.GetHostName()}:{endpoint.Port}" : endpoint.ToString()).TrimEnd('/'));
    }
}
