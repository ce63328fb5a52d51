using System.Collections.Immutable;
using SplitInfer.Codecs;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;

namespace SplitInfer.Client.Transport;

/// <summary>What the handshake settled for one connection, whatever models it carries. Immutable.</summary>
internal sealed class ConnectionTerms
{
    // Far more than one client sends at a time.
    private const uint MaxUsefulInFlight = 1 << 16;

    private static readonly string ClientName = $"SplitInfer {typeof(ConnectionTerms).Assembly.GetName().Version?.ToString(3)}";

    /// <summary>The server's address, for messages.</summary>
    public required string Address { get; init; }

    /// <summary>The codecs that may be used, by their index on the wire.</summary>
    public required ImmutableArray<ITensorCodec> Codecs { get; init; }

    /// <summary>Names of <see cref="Codecs"/>.</summary>
    public required ImmutableArray<string> CodecNames { get; init; }

    /// <summary>Requests that may be in flight.</summary>
    public required int MaxInFlight { get; init; }

    /// <summary>The most bytes that the tensors of one request may take together.</summary>
    public required long MaxBoundaryBytes { get; init; }

    /// <summary>Whether requests may carry reports.</summary>
    public bool HasReports { get; init; }

    /// <summary>Whether requests may say what quality their answers need, and exits of the server may answer.</summary>
    public bool HasExits { get; init; }

    /// <summary>What a client says first.</summary>
    public static Hello HelloOf(CodecRegistry codecs, string key) => new()
    {
        MinVersion = ProtocolVersion.Oldest,
        MaxVersion = ProtocolVersion.Newest,
        Codecs = { codecs.Names },
        Capabilities = { Protocol.Capabilities.Known },
        Client = ClientName,
        Key = key,
    };

    /// <summary>Reads what the server answers.</summary>
    /// <exception cref="ProtocolException">It chose something that was not offered.</exception>
    public static ConnectionTerms Read(Welcome welcome, CodecRegistry codecs, string address)
    {
        if (welcome.Version is < ProtocolVersion.Oldest or > ProtocolVersion.Newest)
            throw ProtocolException.Violation($"the server chose version {welcome.Version} of the protocol, which was not offered");
        if (welcome.MaxInFlight == 0) throw ProtocolException.Violation("the server takes no request at all");
        if (welcome.Capabilities.FirstOrDefault(static c => !Protocol.Capabilities.Known.Contains(c)) is { } unknown)
            throw ProtocolException.Violation($"the server chose capability '{unknown}', which was not offered");
        return new()
        {
            Address = address,
            Codecs = [.. welcome.Codecs.Select(Codec)],
            CodecNames = [.. welcome.Codecs],
            MaxInFlight = (int)Math.Min(welcome.MaxInFlight, MaxUsefulInFlight),
            MaxBoundaryBytes = (long)Math.Min(welcome.MaxBoundaryBytes, long.MaxValue),
            HasReports = welcome.Capabilities.Contains(Protocol.Capabilities.Reports),
            HasExits = welcome.Capabilities.Contains(Protocol.Capabilities.Exits),
        };

        ITensorCodec Codec(string name) =>
            codecs.TryGet(name, out var codec) ? codec : throw ProtocolException.Violation($"the server chose codec '{name}', which was not offered");
    }

    /// <summary>Checks what would be refused, before it is sent.</summary>
    /// <returns>The codec's index on the wire.</returns>
    /// <exception cref="TailRefusedException">The server would not take the request.</exception>
    public int CodecOf(TailRequest request)
    {
        long bytes = 0;
        foreach (var tensor in request.Boundary.Span) bytes += tensor.ByteLength;
        if (bytes > MaxBoundaryBytes)
            throw new TailRefusedException(RefusalCode.LimitExceeded, $"The boundary takes {bytes} bytes, and the server at {Address} takes at most {MaxBoundaryBytes}. Choose a partition with a smaller boundary.");
        // Numbers take at most ten bytes each; the other fields far less than what is left.
        if (10L * request.SymbolSizes.Length > FrameHeader.MaxHeaderLength - RequestTrace.MaxStateLength - 512)
            throw new TailRefusedException(RefusalCode.LimitExceeded, $"The values that cross at partition {request.Partition.Index} have {request.SymbolSizes.Length} symbolic dimensions, too many for one request. Choose a partition that fewer values cross.");
        for (var index = 0; index < Codecs.Length; index++)
            if (Codecs[index].Name == request.Codec.Name) return index;
        throw new TailRefusedException(RefusalCode.CodecNotAllowed, $"The server at {Address} does not take codec '{request.Codec.Name}'. Use one of: {string.Join(", ", Codecs.Select(static c => c.Name))}.");
    }
}
