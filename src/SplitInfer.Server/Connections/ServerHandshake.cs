using SplitInfer.Codecs;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Server.Access;

namespace SplitInfer.Server.Connections;

/// <summary>The first two messages of a connection, as the server sees them.</summary>
internal static class ServerHandshake
{
    /// <summary>Reads the hello.</summary>
    /// <returns>What is agreed on, and the answer that says so.</returns>
    /// <exception cref="TailRefusedException">The two ends do not go together; the client has to be told.</exception>
    /// <exception cref="ProtocolException">The client does not speak the protocol.</exception>
    public static async Task<(ConnectionTerms Terms, Welcome Welcome)> NegotiateAsync(FrameConnection connection, ServerContext server, ClientName client)
    {
        var hello = await ReceiveHelloAsync(connection, server).ConfigureAwait(false);
        if (hello.MinVersion > ProtocolVersion.Newest || hello.MaxVersion < ProtocolVersion.Oldest)
            throw new TailRefusedException(RefusalCode.VersionMismatch, $"The client speaks versions {hello.MinVersion} to {hello.MaxVersion} of the protocol, the server {ProtocolVersion.Oldest} to {ProtocolVersion.Newest}. Use releases of SplitInfer that go together.");
        // Who has no key learns nothing else of the server.
        var key = RequireKey(server.Keys, hello.Key);
        var codecs = CommonCodecs(server.Codecs, hello);
        var replyCodec = codecs.FindIndex(static c => c.IsLossless);
        if (replyCodec < 0)
            throw new TailRefusedException(RefusalCode.CodecNotAllowed, $"The client knows no lossless codec that the server allows. Let the client know one of: {string.Join(", ", server.Codecs.All.Where(static c => c.IsLossless).Select(static c => c.Name))}.");
        var terms = new ConnectionTerms([.. codecs], replyCodec, key) { Software = PeerText.Clean(hello.Client), HasReports = hello.Capabilities.Contains(Capabilities.Reports), HasExits = hello.Capabilities.Contains(Capabilities.Exits) };
        return (terms, WelcomeFor(terms, hello, server, client));
    }

    /// <summary>The client's key; null where the server requires none.</summary>
    /// <exception cref="TailRefusedException">It has none, or one that the server does not know.</exception>
    private static AccessKey? RequireKey(KeyRing? keys, string presented)
    {
        if (keys is null) return null;
        if (presented.Length == 0)
            throw new TailRefusedException(RefusalCode.Unauthorized, "The server requires a key, and the client has none. Give the client a key that the server knows.");
        return keys.Find(presented)
            ?? throw new TailRefusedException(RefusalCode.Unauthorized, "The server does not know the client's key. It may have been removed: give the client one that the server knows.");
    }

    private static async Task<Hello> ReceiveHelloAsync(FrameConnection connection, ServerContext server)
    {
        await using var limit = server.Time.CreateTimer(
            static c => ((FrameConnection)c!).Abort(new TimeoutException("The client did not say what it wants in time.")),
            connection, server.Limits.HandshakeTimeout, Timeout.InfiniteTimeSpan).ConfigureAwait(false);
        if (!await connection.Reader.ReadFrameAsync().ConfigureAwait(false)) throw new IOException("The client disconnected before its first message.");
        if (connection.Reader.Frame.Type != FrameType.Hello)
            throw ProtocolException.Violation($"the first frame is a {connection.Reader.Frame.Type}, not a {nameof(FrameType.Hello)}");
        return Headers.Parse(Hello.Parser, connection.Reader.Header);
    }

    private static List<ITensorCodec> CommonCodecs(CodecRegistry known, Hello hello)
    {
        var common = new List<ITensorCodec>();
        foreach (var name in hello.Codecs)
            if (known.TryGet(name, out var codec) && !common.Contains(codec)) common.Add(codec);
        return common;
    }

    private static Welcome WelcomeFor(ConnectionTerms terms, Hello hello, ServerContext server, ClientName client) => new()
    {
        Version = Math.Min(hello.MaxVersion, ProtocolVersion.Newest),
        Codecs = { terms.Codecs.Select(static c => c.Name) },
        MaxInFlight = (uint)server.Limits.MaxInFlight,
        MaxBoundaryBytes = (ulong)server.Limits.Sizes.MaxBytes,
        Capabilities = { hello.Capabilities.Where(static c => Capabilities.Known.Contains(c)) },
        MaxOpenModels = (uint)server.Limits.MaxOpenModels,
        Load = LoadReport.Of(server.Scheduler, client),
    };
}
