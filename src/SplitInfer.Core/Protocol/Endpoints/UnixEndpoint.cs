using System.Net.Sockets;

namespace SplitInfer.Protocol.Endpoints;

/// <summary><c>unix:///PATH</c>, a socket in the file system, whose permissions are those of its directory and the process's umask.</summary>
internal sealed class UnixEndpoint(string path, UnixDomainSocketEndPoint socketAddress) : Endpoint
{
    private const int Backlog = 512;

    public override bool IsLocal => true;

    public static UnixEndpoint Parse(Uri address)
    {
        if (address.Host.Length > 0 || !address.LocalPath.StartsWith('/') || address.LocalPath == "/")
            throw new EndpointException($"'{address}' names no absolute path. Write unix:///PATH, with three slashes.");
        try
        {
            return new(address.LocalPath, new(address.LocalPath));
        }
        catch (Exception exception) when (exception is ArgumentException or PlatformNotSupportedException)
        {
            throw new EndpointException($"'{address}' cannot be a socket: {exception.Message} Choose a shorter path, or use tcp://HOST:PORT.", exception);
        }
    }

    public override async ValueTask<ByteChannel> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = NewSocket();
        try
        {
            await socket.ConnectAsync(socketAddress, cancellationToken).ConfigureAwait(false);
            return new SocketChannel(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public override EndpointListener Listen()
    {
        if (File.Exists(path)) RemoveIfDead();
        var socket = NewSocket();
        try
        {
            socket.Bind(socketAddress);
            socket.Listen(Backlog);
            return new(socket, new(ToString()), afterwards: () => File.Delete(path));
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw new EndpointException($"Cannot listen at {this}: {exception.Message}. Choose a path in a directory that exists and can be written to, and at which nothing else lies.", exception);
        }
    }

    public override string ToString() => "unix://" + string.Join('/', path.Split('/').Select(Uri.EscapeDataString));

    /// <summary>A server that was killed leaves its socket behind. Only that is removed: nothing that anyone answers at, and no file with content.</summary>
    private void RemoveIfDead()
    {
        using var socket = NewSocket();
        try
        {
            socket.Connect(socketAddress);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionRefused && new FileInfo(path).Length == 0)
        {
            File.Delete(path);
        }
        catch (SocketException)
        {
            // Whatever lies there, binding will say what is wrong with it.
        }
    }

    private static Socket NewSocket() => new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
}
