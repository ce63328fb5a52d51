using SplitInfer.Protocol.Endpoints.Tls;

namespace SplitInfer.Protocol.Endpoints;

/// <summary><c>http://HOST:PORT</c>, or <c>https://HOST:PORT</c>, which is the same under TLS 1.3: where an HTTP server answers. Port 0 listens at a free one.</summary>
internal static class HttpAddress
{
    private const string Forms = "http://HOST:PORT or https://HOST:PORT";

    /// <summary>Reads an address.</summary>
    /// <param name="address">The address.</param>
    /// <param name="party">The server's certificate; null where it has none.</param>
    /// <returns>What carries HTTP there: who reaches it, and whether it is encrypted.</returns>
    /// <exception cref="EndpointException">It is not one that can be used; the message says why.</exception>
    public static Endpoint Parse(Uri address, TlsParty? party = null)
    {
        if (!address.IsAbsoluteUri || address.Scheme is not ("http" or "https")) throw new EndpointException($"'{address.OriginalString}' is no address of HTTP. Write {Forms}.");
        if (address.UserInfo.Length > 0) throw Wrong("names a user, which nothing asks for");
        if (address.Fragment.Length > 0) throw Wrong("has a fragment, which is not sent");
        if (address.PathAndQuery != "/") throw Wrong("has a path, and the paths are those of the protocol");
        return new TcpEndpoint(address.IdnHost, address.Port, address.Scheme == "https" ? party ?? TlsClient.Default : null);

        EndpointException Wrong(string what) => new($"'{address}' {what}. Write {Forms}.");
    }
}
