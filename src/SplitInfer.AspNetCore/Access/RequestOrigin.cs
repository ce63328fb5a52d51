using System.Collections.Frozen;
using System.Net;
using Microsoft.AspNetCore.Http;
using SplitInfer.Protocol.Endpoints;

namespace SplitInfer.AspNetCore.Access;

/// <summary>Where a request comes from.</summary>
internal static class RequestOrigin
{
    private static readonly FrozenSet<string> ProxyHeaders = FrozenSet.Create(StringComparer.OrdinalIgnoreCase, "Forwarded", "Via", "X-Real-IP");

    extension(HttpContext context)
    {
        /// <summary>Who sent the request, as far as the HTTP server knows.</summary>
        public PeerAddress Peer => context.Connection.RemoteIpAddress is { } address ? PeerAddress.Of(new IPEndPoint(address, context.Connection.RemotePort)) : PeerAddress.Local;

        /// <summary>Whether the request was sent on this machine. One without an address, as of a Unix socket, may be anyone's: proxies use those as well.</summary>
        public bool IsLocal => context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address) && !context.IsForwarded;

        /// <summary>Whether a proxy says that it sends the request for someone else. Middleware that takes up what a proxy says leaves it under other names.</summary>
        public bool IsForwarded => context.Request.Headers.Keys.Any(static name =>
            ProxyHeaders.Contains(name) || name.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase) || name.StartsWith("X-Original-", StringComparison.OrdinalIgnoreCase));

        /// <summary>Whether the application has made sure who sent the request.</summary>
        public bool IsAuthenticated => context.User.Identity?.IsAuthenticated == true;

        /// <summary>
        /// Whether a page in a browser sent the request. A server at the loopback interface asks nobody for a key, and any page there could reach it. Browsers say
        /// where a request comes from by one of two headers; one that a person typed is of no page.
        /// </summary>
        public bool IsOfPage => context.Request.Headers.Origin.Count > 0 || (context.Request.Headers["Sec-Fetch-Site"] is { Count: > 0 } site && site != "none");

        /// <summary>Whether the request names this machine as one does on it. A name that leads here may be anyone's, whose page a browser then takes for one of this server.</summary>
        public bool HasLocalHost => context.Request.Host.Host is var host && (host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address)));
    }
}
