using System.Collections.Immutable;
using SplitInfer.Codecs;
using SplitInfer.Codecs.Raw;
using SplitInfer.Protocol;
using SplitInfer.Tensors;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Core.Tests.Protocol;

public class PayloadTests
{
    [Fact]
    public void Tensors_arrive_as_they_left_however_the_stream_cuts_them() => Sampled.Check(1, 60, random =>
    {
        var values = RandomValues(random);
        ITensorCodec codec = random.Next(2) == 0 ? new RawCodec() : new RunLengthCodec();
        var largestRead = random.Next(3) switch { 0 => 1 + random.Next(100), 1 => 5000, _ => int.MaxValue };
        Assert.Equal(values, Carry(codec, values, largestRead).GetAwaiter().GetResult());
    });

    [Fact]
    public async Task Each_value_has_an_aligned_place()
    {
        var tensors = await CarryAsync(new RawCodec(), [new byte[3], new byte[65], [], new byte[1]], int.MaxValue);
        unsafe
        {
            Assert.All(tensors, static t => Assert.Equal(0, (nint)t.Pointer % TensorBuffer.Alignment));
        }

        Array.ForEach(tensors, static t => t.Dispose());
    }

    [Fact]
    public void What_the_sender_takes_is_the_payload_whole()
    {
        var tensors = Tensors([Noise(100), Noise(1_000_000), [], Noise(70_000)]);
        foreach (var codec in (ITensorCodec[])[new RawCodec(), new RunLengthCodec()])
        {
            var payload = new OutgoingPayload();
            payload.Open(codec, tensors);
            var sent = new List<byte>();
            while (!payload.IsTaken)
            {
                payload.Prepare();
                sent.AddRange(payload.Take(10_000).Span);
            }

            Assert.Equal(WirePayload.Of(codec, tensors), sent);
            Assert.Equal(sent.Count, payload.Taken);
            payload.Clear();
        }
    }

    [Fact]
    public void A_value_is_decoded_while_the_rest_is_still_to_come()
    {
        var codec = new ProbeCodec();
        byte[][] values = [Noise(1_000_000)];
        var payload = WirePayload.Of(codec, Tensors(values));
        var incoming = Open(codec, values);
        var first = Slabs.LengthBytes + new Slabs(ElementType.UInt8, new(1_000_000))[0].Bytes;
        Feed(incoming, payload.AsSpan(0, first), isLast: false);
        Assert.Equal(1, codec.Decoded);
        Feed(incoming, payload.AsSpan(first), isLast: true);
        Assert.Equal(2, codec.Decoded); // the last one waits for its turn to run
        Assert.Equal(values[0], Finish(incoming, 1)[0]);
    }

    [Fact]
    public void A_codec_that_takes_no_slabs_carries_a_large_value_whole_whatever_was_carried_before()
    {
        byte[][] values = [Noise(1_000_000), Noise(10)];
        var (outgoing, incoming) = (new OutgoingPayload(), new IncomingPayload());
        foreach (var codec in (ITensorCodec[])[new RunLengthCodec(), new WholeCodec(), new RunLengthCodec(), new WholeCodec()])
        {
            outgoing.Open(codec, Tensors(values));
            incoming.Expect(codec, Specs(1_000_000, 10), [new(1_000_000), new(10)]);
            incoming.Open();
            while (!outgoing.IsTaken)
            {
                outgoing.Prepare();
                var piece = outgoing.Take(int.MaxValue);
                Feed(incoming, piece.Span, outgoing.IsTaken);
            }

            Assert.Null(incoming.Failure);
            Assert.Equal(values, Finish(incoming, 2));
            outgoing.Clear();
            if (codec is WholeCodec whole) Assert.Equal([new(1_000_000), new(10)], whole.Encoded);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_payload_that_is_cut_off_anywhere_is_refused(bool isRaw)
    {
        ITensorCodec codec = isRaw ? new RawCodec() : new RunLengthCodec();
        byte[][] values = [Noise(40), [], Noise(25)];
        var payload = WirePayload.Of(codec, Tensors(values));
        for (var length = 0; length < payload.Length; length++)
        {
            var incoming = Open(codec, values);
            Feed(incoming, payload.AsSpan(0, length), isLast: true);
            Assert.IsType<InvalidPayloadException>(incoming.Failure);
            Assert.True(incoming.Room(1).IsEmpty);
            incoming.Release();
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_payload_that_goes_on_is_refused(bool isRaw)
    {
        ITensorCodec codec = isRaw ? new RawCodec() : new RunLengthCodec();
        byte[][] values = [Noise(40), []];
        var payload = WirePayload.Of(codec, Tensors(values));
        var (longer, unended) = (Open(codec, values), Open(codec, values));
        Feed(longer, [.. payload, 0], isLast: true);
        Assert.IsType<InvalidPayloadException>(longer.Failure);
        Feed(unended, payload, isLast: false);
        Assert.IsType<InvalidPayloadException>(unended.Failure);
    }

    [Fact]
    public void Whatever_is_changed_is_refused_or_decodes_to_tensors_of_the_plan() => Sampled.Check(3, 3000, random =>
    {
        var codec = new RunLengthCodec();
        byte[][] values = [Noise(9), Noise(30), []];
        var payload = WirePayload.Of(codec, Tensors(values));
        for (var changes = random.Next(1, 4); changes > 0; changes--)
            payload[random.Next(3) == 0 ? 3 - random.Next(4) : random.Next(payload.Length)] = (byte)(random.Next(2) == 0 ? random.Next(256) : 0xFF);
        var incoming = Open(codec, values);
        Feed(incoming, payload, isLast: true);
        try
        {
            if (incoming.Failure is null) Assert.Equal(values.Select(static v => v.Length), Finish(incoming, 3).Select(static t => t.Length));
            else Assert.IsType<InvalidPayloadException>(incoming.Failure);
        }
        catch (InvalidPayloadException)
        {
            // The last slab.
        }

        incoming.Release();
    });

    [Theory]
    [InlineData(uint.MaxValue)]
    [InlineData(0x8000_0000)]
    [InlineData(81)]
    public void A_stated_length_that_the_codec_cannot_make_is_refused_before_more_comes(uint length)
    {
        var incoming = Open(new RunLengthCodec(), [new byte[40], new byte[1]]);
        Feed(incoming, BitConverter.GetBytes(length), isLast: false);
        Assert.Contains("at most 80", incoming.Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_takes_over_2_GiB_is_refused_before_memory_is_taken()
    {
        var incoming = new IncomingPayload();
        Assert.Throws<SizeLimitException>(() => incoming.Expect(new RawCodec(), Specs(1L << 30, 1L << 30), [new(1L << 30), new(1L << 30)]));
        var long2 = new TensorSpec("v", ElementType.UInt8, Dimension.Fixed(1), Dimension.Fixed(2), Dimension.Fixed(1L << 30));
        Assert.Throws<OverflowException>(() => incoming.Expect(new RunLengthCodec(), [long2], [new(1, 2, 1L << 30)]));
    }

    [Fact]
    public void Bytes_are_taken_as_they_come_and_all_that_came_at_the_end() => Sampled.Check(seed: 4, 60, static random =>
    {
        var values = RandomValues(random);
        foreach (var codec in (ITensorCodec[])[new RawCodec(), new RunLengthCodec()])
        {
            var (allowance, payload) = (new Counted(long.MaxValue), WirePayload.Of(codec, Tensors(values)));
            var incoming = Open(codec, values, allowance);
            Assert.Equal(0, allowance.Taken);
            for (var at = 0; at < payload.Length;)
            {
                var piece = Math.Min(payload.Length - at, 1 + random.Next(100_000));
                at += piece;
                Feed(incoming, payload.AsSpan(at - piece, piece), at == payload.Length);
                // A slab that came is decoded, which takes its own bytes once more.
                Assert.InRange(allowance.Taken, 0, at + values.Sum(static v => v.Length));
            }

            var whole = allowance.Taken;
            Finish(incoming, values.Length);
            Assert.InRange(allowance.Taken, whole, incoming.Bytes);
            if (codec.IsIdentity) Assert.Equal(values.Sum(static v => v.Length), whole);
            else Assert.True(allowance.Taken >= values.Sum(static v => v.Length));
        }
    });

    [Fact]
    public void What_is_denied_is_the_failure_and_no_more_has_room()
    {
        byte[][] values = [Noise(300_000)];
        foreach (var codec in (ITensorCodec[])[new RawCodec(), new RunLengthCodec()])
        {
            var incoming = Open(codec, values, new Counted(100_000));
            Feed(incoming, WirePayload.Of(codec, Tensors(values)), isLast: true);
            Assert.IsType<IOException>(incoming.Failure);
            Assert.True(incoming.Room(10).IsEmpty);
            incoming.Release();
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_decoding_takes_meanwhile_is_asked_for_and_given_back_whatever_comes_of_it(bool fails)
    {
        const int Scratch = 50_000, Values = 2, Length = 1000;
        var codec = new ScratchCodec(Scratch, fails);
        byte[][] values = [Noise(Length), Noise(Length)];
        var allowance = new Counted(long.MaxValue);
        var incoming = Open(codec, values, allowance);
        Assert.InRange(incoming.Bytes, Scratch + (Values * Length), Scratch + (Values * Length) + 3000);
        Feed(incoming, WirePayload.Of(new RunLengthCodec(), Tensors(values)), isLast: true);
        if (fails) Assert.IsType<InvalidPayloadException>(incoming.Failure);
        else Finish(incoming, Values);
        Assert.InRange(allowance.Most, Scratch, incoming.Bytes);
        Assert.InRange(allowance.Taken, 0, incoming.Bytes - Scratch);

        // Enough for all but that: it is denied before anything is decoded.
        var decoded = codec.Decoded;
        incoming = Open(codec, values, new Counted(Scratch - 1));
        Feed(incoming, WirePayload.Of(new RunLengthCodec(), Tensors(values)), isLast: true);
        Assert.IsType<IOException>(incoming.Failure);
        Assert.Equal(decoded, codec.Decoded);
        incoming.Release();
    }

    private sealed class ScratchCodec(long scratch, bool fails) : ITensorCodec
    {
        private readonly RunLengthCodec _codec = new();

        public int Decoded { get; private set; }

        public string Name => "Scratch";

        public bool IsLossless => true;

        public bool IsIdentity => false;

        public long ScratchBytes(ElementType type, TensorShape shape) => scratch;

        public long MaxEncodedLength(ElementType type, TensorShape shape) => ((ITensorCodec)_codec).MaxEncodedLength(type, shape);

        public int Encode(ElementType type, TensorShape shape, ReadOnlySpan<byte> tensor, Span<byte> payload) => ((ITensorCodec)_codec).Encode(type, shape, tensor, payload);

        public void Decode(ElementType type, TensorShape shape, ReadOnlySpan<byte> payload, Span<byte> tensor)
        {
            Decoded++;
            if (fails) throw new InvalidPayloadException(Name, "it does not decode");
            ((ITensorCodec)_codec).Decode(type, shape, payload, tensor);
        }
    }

    private sealed class Counted(long most) : IByteAllowance
    {
        public long Taken { get; private set; }

        public long Most { get; private set; }

        public Exception? TryTake(long bytes)
        {
            if (Taken + bytes > most) return new IOException("denied");
            Most = Math.Max(Most, Taken += bytes);
            return null;
        }

        public void GiveBack(long bytes) => Taken -= bytes;
    }

    private static byte[] Noise(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    private static byte[][] RandomValues(Random random)
    {
        byte[][] values = [.. Enumerable.Range(0, random.Next(6)).Select(_ => new byte[random.Next(4) switch { 0 => 0, 1 => random.Next(200), 2 => random.Next(20_000), _ => random.Next(900_000) }])];
        foreach (var value in values) random.NextBytes(value.AsSpan(0, value.Length / 2));
        return values;
    }

    private static TensorValue[] Tensors(byte[][] values) => [.. values.Select(static v => TensorValue.From(ElementType.UInt8, new(v.Length), v))];

    private static ImmutableArray<TensorSpec> Specs(params long[] sizes) =>
        [.. sizes.Select(static (size, index) => new TensorSpec($"v{index}", ElementType.UInt8, Dimension.Fixed(size)))];

    private static IncomingPayload Open(ITensorCodec codec, byte[][] values, IByteAllowance? allowance = null)
    {
        var incoming = new IncomingPayload();
        incoming.Expect(codec, Specs([.. values.Select(static v => (long)v.Length)]), [.. values.Select(static v => new TensorShape(v.Length))]);
        incoming.Open(allowance);
        return incoming;
    }

    private static void Feed(IncomingPayload incoming, ReadOnlySpan<byte> bytes, bool isLast)
    {
        while (incoming.Room(bytes.Length) is { IsEmpty: false } room)
        {
            bytes[..room.Length].CopyTo(room.Span);
            incoming.Advance(room.Length);
            bytes = bytes[room.Length..];
        }

        incoming.EndFrame(isLast, bytes.Length);
    }

    private static byte[][] Finish(IncomingPayload incoming, int count)
    {
        var tensors = new TensorValue[count];
        incoming.Finish(tensors);
        incoming.Release();
        var bytes = tensors.Select(static t => t.Bytes.ToArray()).ToArray();
        Array.ForEach(tensors, static t => t.Dispose());
        return bytes;
    }

    private static async Task<byte[][]> Carry(ITensorCodec codec, byte[][] values, int largestRead)
    {
        var tensors = await CarryAsync(codec, values, largestRead);
        var bytes = tensors.Select(static t => t.Bytes.ToArray()).ToArray();
        Array.ForEach(tensors, static t => t.Dispose());
        return bytes;
    }

    private static async Task<TensorValue[]> CarryAsync(ITensorCodec codec, byte[][] values, int largestRead)
    {
        var (near, far) = DuplexStream.CreatePair(largestRead: largestRead);
        using FrameConnection sender = Wires.Connect(near), receiver = Wires.Connect(far);
        var sending = sender.Writer.SendAsync(new TensorsMessage(1, codec, Tensors(values)));
        var incoming = Open(codec, values);
        do
        {
            Assert.True(await receiver.Reader.ReadFrameAsync());
            await receiver.Reader.ReadPayloadAsync(incoming);
        }
        while (!receiver.Reader.Frame.EndOfMessage);

        await sending;
        Assert.Null(incoming.Failure);
        var tensors = new TensorValue[values.Length];
        incoming.Finish(tensors);
        incoming.Release();
        return tensors;
    }
}
