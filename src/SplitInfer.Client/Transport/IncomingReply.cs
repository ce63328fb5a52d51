using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using SplitInfer.Codecs;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Transport;

/// <summary>The outputs of one request on their way in. Belongs to the connection's reader until it is whole; reused.</summary>
internal sealed class IncomingReply
{
    private readonly IncomingPayload _payload = new();
    private BoundaryLayout _layout = null!;
    private TailTimings _timings;
    private ServerLoad _load;
    private SizeLimitException? _tooLarge;

    /// <summary>Whether its first frame has come.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Checks the header and makes room for the payload.</summary>
    /// <exception cref="ProtocolException">The server sends what no tail of the plan yields.</exception>
    public void Begin(ResponseHeader header, BoundaryLayout layout, ImmutableArray<ITensorCodec> codecs, SizeLimits limits)
    {
        if (header.Codec >= codecs.Length) throw ProtocolException.Violation($"a response in codec {header.Codec}, which was not agreed on");
        (HasBegun, _layout) = (true, layout);
        _timings = new(header.QueueUs * 1e-6, header.DecodeUs * 1e-6, header.RunUs * 1e-6, header.EncodeUs * 1e-6);
        _load = header.Load is { } load ? ServerLoad.Read(load) : default;
        try
        {
            _payload.Expect(codecs[(int)header.Codec], layout.Values, layout.Resolve(header.SymbolSizes.ToArray(), limits));
        }
        catch (SizeLimitException exception)
        {
            _tooLarge = exception;
            return;
        }

        _payload.Open();
    }

    /// <summary>Receives the payload of one frame.</summary>
    /// <returns>Whether the reply is whole.</returns>
    /// <exception cref="ProtocolException">The frame does not go on with the reply, or what came of it does not decode.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> ReceiveAsync(FrameReader reader)
    {
        if (!HasBegun) throw ProtocolException.Violation($"data of response {reader.Frame.RequestId}, which has not begun");
        if (_tooLarge is null) await reader.ReadPayloadAsync(_payload).ConfigureAwait(false);
        else await reader.SkipPayloadAsync().ConfigureAwait(false);
        return _payload.Failure is null ? reader.Frame.EndOfMessage : throw Invalid(_payload.Failure);
    }

    /// <summary>The reply, once it is whole.</summary>
    /// <exception cref="SizeLimitException">The outputs are larger than the client accepts.</exception>
    /// <exception cref="ProtocolException">An output does not decode.</exception>
    public TailReply Decode()
    {
        if (_tooLarge is not null) throw _tooLarge;
        var outputs = new TensorValue[_layout.Values.Length];
        try
        {
            _payload.Finish(outputs);
        }
        catch (InvalidPayloadException exception)
        {
            throw Invalid(exception);
        }

        return new(outputs, _timings) { Load = _load };
    }

    /// <summary>Releases what has come, ready for the next reply.</summary>
    public void Release()
    {
        _payload.Release();
        (HasBegun, _tooLarge) = (false, null);
    }

    private static ProtocolException Invalid(Exception reason) =>
        ProtocolException.Violation($"the outputs are not those of the plan: {reason.Message.TrimEnd('.')}", reason);
}
