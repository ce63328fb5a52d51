using System.Net;
using System.Net.WebSockets;
using SplitInfer.Protocol.Endpoints.Tls;

namespace SplitInfer.Protocol.Endpoints.WebSockets;

/// <summary><c>ws://HOST:PORT/PATH?QUERY</c>, or <c>wss://</c>, which is the same under TLS 1.3. Clients connect directly, whatever proxy the system has.</summary>
/// <param name="address">The address.</param>
/// <param name="carrier">What carries the WebSocket.</param>
internal sealed class WebSocketEndpoint(Uri address, TcpEndpoint carrier) : Endpoint
{
    public override bool IsLocal => carrier.IsLocal;

    public override bool IsEncrypted => carrier.IsEncrypted;

    // The carrier encrypts, where that is due, as it does without a WebSocket, so that HTTP knows nothing of it.
    private Uri Target => new UriBuilder(address) { Scheme = Uri.UriSchemeWs, Port = address.Port }.Uri;

    private string HostHeader => (address.HostNameType == UriHostNameType.IPv6 ? $"[{address.IdnHost}]" : address.IdnHost) + (address.IsDefaultPort ? "" : $":{address.Port}");

    /// <summary>Whether an address is of this kind.</summary>
    public static bool IsAt(Uri address) => address is { IsAbsoluteUri: true, Scheme: "ws" or "wss" };

    public static new WebSocketEndpoint Parse(Uri address, TlsParty? party)
    {
        if (address.UserInfo.Length > 0) throw Wrong("names a user, which nothing asks for");
        if (address.Fragment.Length > 0) throw Wrong("has a fragment, which is not sent");
        return new(address, new(address.IdnHost, address.Port, party));

        EndpointException Wrong(string what) => new($"'{address}' {what}. Write {address.Scheme}://HOST:PORT/PATH.");
    }

    public override async ValueTask<ByteChannel> ConnectAsync(CancellationToken cancellationToken)
    {
        var channel = await carrier.ConnectAsync(cancellationToken).ConfigureAwait(false);
        var socket = new ClientWebSocket();
        try
        {
            // Pings of the protocol, and keep-alive of the carrier, tell whether the server is there.
            (socket.Options.KeepAliveInterval, socket.Options.CollectHttpResponseDetails) = (Timeout.InfiniteTimeSpan, true);
            socket.Options.SetRequestHeader("Host", HostHeader);
            using var http = new HttpMessageInvoker(new SocketsHttpHandler
            {
                ConnectCallback = (_, _) => new(new ChannelStream(channel)),
                UseProxy = false,
                AllowAutoRedirect = false,
                UseCookies = false,
                ActivityHeadersPropagator = null,
            });
            await socket.ConnectAsync(Target, http, cancellationToken).ConfigureAwait(false);
            return new WebSocketChannel(socket);
        }
        catch (Exception exception)
        {
            channel.Dispose();
            using (socket)
            {
                if (exception is WebSocketException) throw Explain(exception, socket);
                throw;
            }
        }
    }

    public override EndpointListener Listen() =>
        throw new EndpointException($"Cannot listen at {this} without an HTTP server. Add the package SplitInfer.AspNetCore and call UseKestrel() on the server's options, or use {(IsEncrypted ? "tls" : "tcp")}://HOST:PORT.");

    public override string ToString() => address.OriginalString;

    private IOException Explain(Exception exception, ClientWebSocket socket)
    {
        for (var inner = exception; inner is not null; inner = inner.InnerException)
            if (inner is TlsException insecure) return new TlsException(insecure.Message, insecure);
        if (socket.HttpStatusCode is not (0 or HttpStatusCode.SwitchingProtocols))
            return UpgradeException.Of(socket.HttpStatusCode, socket.HttpResponseHeaders?.GetValueOrDefault("Location")?.FirstOrDefault(), address.AbsolutePath, exception);
        return new UpgradeException(
            $"the connection was made, but what answers does not speak WebSockets ({ReasonOf(exception)}). Check the port; {(IsEncrypted ? "a server at tcp:// or tls:// takes none." : "a server that speaks TLS there needs wss:// in place of ws://, and a server at tcp:// or tls:// takes none.")}", exception);
    }

    // A carrier that the other end closes may also be disposed of under whoever waits for an answer.
    private static string ReasonOf(Exception error)
    {
        var first = error.GetBaseException();
        return first is ObjectDisposedException || PeerClosing.IsReasonOf(error) ? "it closed the connection" : PeerText.Clean(first.Message.Split('\n')[0].TrimEnd('\r', '.'));
    }
}
