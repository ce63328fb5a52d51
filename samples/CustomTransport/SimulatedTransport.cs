using System.Diagnostics;
using SplitInfer.Client.Transport;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace CustomTransport;

/// <summary>A transport of your own: here it runs tails in this process, behind a simulated link, so that policies can be tried without a server.</summary>
public sealed class SimulatedTransport(PartitionedModel model, double bitsPerSecond, TimeSpan roundTrip) : ITailTransport
{
    private readonly CutLoader _cuts = new(model);
    private readonly SemaphoreSlim _uplink = new(1);

    // Without this, nobody calls PingAsync: policies then learn the round trip from requests alone.
    public TransportCapabilities Capabilities => TransportCapabilities.Ping;

    /// <summary>Bandwidth towards the server; replies are taken to be small. It can change while the transport is used.</summary>
    public double BitsPerSecond { get; set; } = bitsPerSecond;

    /// <summary>Whether the server can be reached.</summary>
    public bool IsUp { get; set; } = true;

    public async ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default)
    {
        var clock = Stopwatch.StartNew();
        await Task.Delay(roundTrip, cancellationToken);
        ThrowIfDown();
        return clock.Elapsed;
    }

    public async ValueTask<TailReply> SendAsync(TailRequest request, CancellationToken cancellationToken = default)
    {
        var clock = Stopwatch.StartNew();
        var payloads = request.Boundary.ToArray().Select(tensor => Encode(request, tensor)).ToArray();
        request.Progress.EncodeSeconds = clock.Elapsed.TotalSeconds;
        request.Progress.BytesSent = payloads.Sum(static payload => payload.Length);
        await TravelAsync(request.Progress.BytesSent, cancellationToken);

        clock.Restart();
        using var cut = await _cuts.LoadAsync(request.Partition.Index, cancellationToken);
        var loadSeconds = clock.Elapsed.TotalSeconds;
        TensorValue[] boundary = [.. payloads.Zip(request.Boundary.ToArray(), (payload, sent) => Decode(request, payload, sent))];
        var decodeSeconds = clock.Elapsed.TotalSeconds - loadSeconds;
        try
        {
            var outputs = await Task.Run(() => cut.RunTail(boundary, cancellationToken), cancellationToken);
            return new(outputs, new(loadSeconds, decodeSeconds, clock.Elapsed.TotalSeconds - loadSeconds - decodeSeconds, EncodeSeconds: 0));
        }
        finally
        {
            foreach (var tensor in boundary) tensor.Dispose();
        }
    }

    public ValueTask DisposeAsync()
    {
        _cuts.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task TravelAsync(long bytes, CancellationToken cancellationToken)
    {
        await _uplink.WaitAsync(cancellationToken); // requests share the bandwidth: they travel one after the other
        try
        {
            await Task.Delay(TimeSpan.FromSeconds(bytes * 8 / BitsPerSecond), cancellationToken);
        }
        finally
        {
            _uplink.Release();
        }

        await Task.Delay(roundTrip, cancellationToken);
        ThrowIfDown();
    }

    // The client finishes a request on the device after this exception, as it does after an IOException or a TimeoutException.
    private void ThrowIfDown()
    {
        if (!IsUp) throw new ServerUnreachableException("The simulated server is down.");
    }

    private static byte[] Encode(TailRequest request, TensorValue tensor)
    {
        var payload = new byte[request.Codec.MaxEncodedLength(tensor.ElementType, tensor.Shape)];
        return payload[..request.Codec.Encode(tensor.ElementType, tensor.Shape, tensor.Bytes.Span, payload)];
    }

    private static TensorValue Decode(TailRequest request, byte[] payload, TensorValue sent)
    {
        var tensor = TensorValue.Allocate(sent.ElementType, sent.Shape);
        request.Codec.Decode(sent.ElementType, sent.Shape, payload, tensor.Bytes.Span);
        return tensor;
    }
}
