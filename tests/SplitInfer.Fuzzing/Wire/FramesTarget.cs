using SplitInfer.Codecs;
using SplitInfer.Protocol;
using SplitInfer.Tensors;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Fuzzing.Wire;

/// <summary>The frame reader, and what puts payloads together.</summary>
internal sealed class FramesTarget : ScriptTarget
{
    public override string Name => "frames";

    public override int LeastOutcomes => 20;

    protected override IReadOnlyList<byte[]> Seeds { get; } = [.. WireSeeds.OfClient, .. WireSeeds.OfServer];

    public override bool Documents(Exception error) => error is ProtocolException;

    public override string Take(byte[] input)
    {
        using var reader = new FrameReader(new SilentChannel(input, 1 + (input.Length % 700)), TimeProvider.System);
        var payload = new IncomingPayload();
        var (frames, whole) = (0, 0);
        try
        {
            while (reader.ReadFrameAsync().AsTask().GetAwaiter().GetResult())
            {
                frames++;
                if (reader.Frame.PayloadLength == 0) continue;
                var partition = WirePlan.Plan.Partitions[frames % 2 == 0 ? WirePlan.Fixed : WirePlan.Symbolic];
                var codec = CodecRegistry.Default.All.ElementAt(frames % 5);
                payload.Expect(codec, partition.Boundary, BoundaryLayout.For(partition.Boundary).Resolve(partition.Index == WirePlan.Symbolic ? [3] : [], SizeLimits.Default));
                payload.Open();
                reader.ReadPayloadAsync(payload).AsTask().GetAwaiter().GetResult();
                if (payload is { IsWhole: true, Failure: null })
                {
                    whole++;
                    Finish(payload, partition.Boundary.Length);
                }

                payload.Release();
            }
        }
        finally
        {
            payload.Release();
        }

        return $"{frames} frames, {whole} payloads";
    }

    private static void Finish(IncomingPayload payload, int values)
    {
        var tensors = new TensorValue[values];
        try
        {
            payload.Finish(tensors);
            foreach (var tensor in tensors) tensor.Dispose();
        }
        catch (InvalidPayloadException)
        {
            // A last slab that does not decode is the request's failure, not the connection's.
        }
    }
}
