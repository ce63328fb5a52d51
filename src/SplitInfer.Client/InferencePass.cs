using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Protocol;
using SplitInfer.Tensors;

namespace SplitInfer.Client;

/// <summary>One request on its way through a partition. It owns every tensor that is made on the way; the inputs stay the caller's.</summary>
internal sealed class InferencePass(
    Partition partition, Routing routing, SegmentCache segments, ITensorCodec codec, BoundaryLayout layout, ReadOnlyMemory<Tensor> inputs) : IDisposable
{
    private Tensor[] _head = [];
    private Tensor[] _boundary = [];
    private readonly EncodedTensors _encoded = new();
    private long _bytesSent;
    private TailReply? _reply;

    /// <summary>Payload bytes that were sent.</summary>
    public long BytesSent => _bytesSent;

    /// <summary>Where the server says its time went.</summary>
    public TailTimings ServerTimings => _reply?.Timings ?? default;

    /// <summary>Which side did the work.</summary>
    public InferenceSource Source => _reply is null ? InferenceSource.Device : partition.Head.Nodes == 0 ? InferenceSource.Server : InferenceSource.Split;

    /// <summary>Runs the head, where there is one.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunHeadAsync(CancellationToken cancellationToken)
    {
        if (!routing.HasHead) return;
        using var head = await segments.RentAsync(new(SegmentSide.Head, partition.Index), cancellationToken).ConfigureAwait(false);
        var (headInputs, outputs) = (new Tensor[routing.HeadInputs.Length], new Tensor[head.Runner.Outputs.Count]);
        for (var i = 0; i < headInputs.Length; i++) headInputs[i] = inputs.Span[routing.HeadInputs[i]];
        await head.Runner.RunAsync(headInputs, outputs, cancellationToken).ConfigureAwait(false);
        _head = outputs;
    }

    /// <summary>Gathers the boundary and encodes it.</summary>
    public void Encode()
    {
        _boundary = Gather(routing.Boundary);
        _encoded.Encode(codec, _boundary);
        foreach (var part in _encoded.Parts.Span) _bytesSent += part.Length;
    }

    /// <summary>Has the tail run and takes its outputs in.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask OffloadAsync(ITailTransport transport, TimeSpan? deadline, CancellationToken cancellationToken)
    {
        var request = new TailRequest
        {
            Partition = partition,
            Codec = codec,
            SymbolSizes = layout.Measure(_boundary),
            Payloads = _encoded.Parts,
            Deadline = deadline,
        };
        _reply = await transport.SendAsync(request, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The model's outputs, which the caller owns.</summary>
    public Tensor[] TakeOutputs()
    {
        var outputs = Gather(routing.Outputs);
        // Two outputs may be one value, and an output may be an input, so each is given an owner of its own.
        foreach (ref var output in outputs.AsSpan()) output = output.Share();
        return outputs;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _encoded.Release();
        _reply?.Dispose();
        foreach (var tensor in _head) tensor.Dispose();
    }

    private Tensor[] Gather(ImmutableArray<ValueSource> sources)
    {
        var tensors = new Tensor[sources.Length];
        for (var i = 0; i < tensors.Length; i++) tensors[i] = Find(sources[i]);
        return tensors;
    }

    private Tensor Find(ValueSource source) => source.Origin switch
    {
        ValueOrigin.Input => inputs.Span[source.Index],
        ValueOrigin.Head => _head[source.Index],
        _ => _reply!.Outputs[source.Index]!,
    };
}
