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
    // As many as a file of exits may have.
    private const int MaxExit = 256;

    private readonly IncomingPayload _payload = new();
    private BoundaryLayout _layout = null!;
    private TailTimings _timings;
    private ServerLoad _load;
    private (int Exit, double Confidence) _answer;
    private bool _isSkipped;

    /// <summary>Whether an exit may answer.</summary>
    public bool AllowsExits { get; set; }

    /// <summary>Whether its first frame has come.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Checks the header and makes room for the payload.</summary>
    /// <returns>Why the rest is only skipped; null where it is received.</returns>
    /// <exception cref="ProtocolException">The server sends what no tail of the plan yields.</exception>
    public SizeLimitException? Begin(ResponseHeader header, BoundaryLayout layout, ImmutableArray<ITensorCodec> codecs, SizeLimits limits)
    {
        if (header.Codec >= codecs.Length) throw ProtocolException.Violation($"a response in codec {header.Codec}, which was not agreed on");
        if (header.SymbolSizes.Count > 0 && layout.MaxSizes == 0) throw ProtocolException.Violation($"a response states {header.SymbolSizes.Count} sizes, and the plan leaves none open");
        if (header.Exit > 0 && !AllowsExits) throw ProtocolException.Violation($"exit {header.Exit} answered a request for the model's own outputs");
        if (header.Exit > MaxExit || !(header.Confidence is >= 0 and <= 1)) throw ProtocolException.Violation($"exit {header.Exit} answered with a confidence of {header.Confidence}");
        (HasBegun, _layout, _answer) = (true, layout, ((int)header.Exit, header.Confidence));
        _timings = new(header.QueueUs * 1e-6, header.DecodeUs * 1e-6, header.RunUs * 1e-6, header.EncodeUs * 1e-6);
        _load = header.Load is { } load ? ServerLoad.Read(load) : default;
        try
        {
            _payload.Expect(codecs[(int)header.Codec], layout.Values, layout.Resolve(header.SymbolSizes.ToArray(), limits));
        }
        catch (SizeLimitException exception)
        {
            exception.IsLasting = layout.MaxSizes == 0;
            _isSkipped = true;
            return exception;
        }

        _payload.Open();
        return null;
    }

    /// <summary>Receives the payload of one frame.</summary>
    /// <returns>Whether the reply is whole.</returns>
    /// <exception cref="ProtocolException">The frame does not go on with the reply, or what came of it does not decode.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> ReceiveAsync(FrameReader reader)
    {
        if (!HasBegun) throw ProtocolException.Violation($"data of response {reader.Frame.RequestId}, which has not begun");
        if (!_isSkipped) await reader.ReadPayloadAsync(_payload).ConfigureAwait(false);
        else await reader.SkipPayloadAsync().ConfigureAwait(false);
        return _payload.Failure is null ? reader.Frame.EndOfMessage : throw Invalid(_payload.Failure);
    }

    /// <summary>The reply, once it is whole.</summary>
    /// <exception cref="ProtocolException">An output does not decode.</exception>
    public TailReply Decode()
    {
        var outputs = new TensorValue[_layout.Values.Length];
        try
        {
            _payload.Finish(outputs);
        }
        catch (InvalidPayloadException exception)
        {
            throw Invalid(exception);
        }

        return new(outputs, _timings) { Load = _load, Exit = _answer.Exit, Confidence = _answer.Confidence };
    }

    /// <summary>Releases what has come, ready for the next reply.</summary>
    public void Release()
    {
        _payload.Release();
        (HasBegun, _isSkipped) = (false, false);
    }

    private static ProtocolException Invalid(Exception reason) =>
        ProtocolException.Violation($"the outputs are not those of the plan: {reason.Message.TrimEnd('.')}", reason);
}
