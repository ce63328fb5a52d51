using System.Collections.Immutable;
using SplitInfer.Codecs;
using SplitInfer.Protocol;

namespace SplitInfer.Client.Transport;

/// <summary>What the handshake settled for one connection. Immutable.</summary>
internal sealed class ServerTerms
{
    /// <summary>The server's address, for messages.</summary>
    public required string Address { get; init; }

    /// <summary>The version of the model that the server runs.</summary>
    public required string ModelVersion { get; init; }

    /// <summary>How the boundaries of the plan are laid out.</summary>
    public required PlanLayouts Layouts { get; init; }

    /// <summary>The codecs that may be used, by their index on the wire.</summary>
    public required ImmutableArray<ITensorCodec> Codecs { get; init; }

    /// <summary>Names of <see cref="Codecs"/>.</summary>
    public required ImmutableArray<string> CodecNames { get; init; }

    /// <summary>Requests that may be in flight.</summary>
    public required int MaxInFlight { get; init; }

    /// <summary>The most bytes that the tensors of one request may take together.</summary>
    public required long MaxBoundaryBytes { get; init; }

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
        if (10L * request.SymbolSizes.Length > FrameHeader.MaxHeaderLength - 64)
            throw new TailRefusedException(RefusalCode.LimitExceeded, $"The values that cross at partition {request.Partition.Index} have {request.SymbolSizes.Length} symbolic dimensions, too many for one request. Choose a partition that fewer values cross.");
        for (var index = 0; index < Codecs.Length; index++)
            if (Codecs[index].Name == request.Codec.Name) return index;
        throw new TailRefusedException(RefusalCode.CodecNotAllowed, $"The server at {Address} does not take codec '{request.Codec.Name}'. Use one of: {string.Join(", ", Codecs.Select(static c => c.Name))}.");
    }

    /// <summary>What a caller is told when the connection has ended.</summary>
    /// <param name="reason">What ended it.</param>
    public Exception Lost(Exception reason) => reason switch
    {
        TailRefusedException refused => new TailRefusedException(refused.Code, refused.Message, refused),
        ProtocolException broken => new ProtocolException(broken.Message, broken),
        _ => new ServerUnreachableException($"The connection to {Address} was lost: {reason.Message.TrimEnd('.')}. Send the request again, which connects anew; if it happens again, look at the server's log.", reason),
    };
}
