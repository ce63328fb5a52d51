using System.Buffers;
using Google.Protobuf;
using Inference;
using SplitInfer.AspNetCore.Grpc;
using SplitInfer.AspNetCore.OpenInference;
using SplitInfer.Testing.Fuzzing;

namespace SplitInfer.IntegrationTests.OpenInference;

/// <summary>What a message comes to is known before anything is made of it.</summary>
public sealed class InferMessageTests
{
    // What is allocated while a message is parsed, in what it is said to come to: lists grow.
    private const int MostAllocated = 2;

    public static TheoryData<string, byte[], int> Parts { get; } = new()
    {
        { "inputs", [0x2A, 0x00], 1 },
        { "outputs", [0x32, 0x00], 1 },
        { "raw_input_contents", [0x3A, 0x00], 1 },
        { "parameters", [0x22, 0x00], 1 },
        { "fields that the protocol does not have", [0x40, 0x01], 1 },
        { "parameters", [0x2A, 0x04, 0x22, 0x00, 0x22, 0x00], 2 },
        { "bytes_contents", [0x2A, 0x06, 0x2A, 0x04, 0x42, 0x00, 0x42, 0x00], 2 },
        { "lists of numbers", [0x2A, 0x06, 0x2A, 0x04, 0x0A, 0x00, 0x1A, 0x00], 2 },
    };

    [Theory]
    [MemberData(nameof(Parts))]
    public void A_message_has_so_many_parts_of_a_kind_and_no_more(string kind, byte[] record, int parts)
    {
        byte[] Message(int records) => [.. Enumerable.Repeat(record, records).SelectMany(static bytes => bytes)];
        Assert.True(Measure(Message(InferMessage.MaxParts / parts)).ParsedBytes > 0);
        Assert.Contains($"more than 1024 {kind}", Assert.Throws<InferenceException>(() => Measure(Message((InferMessage.MaxParts / parts) + 1))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0A010A0A010A", "twice")]
    [InlineData("2A042A002A00", "twice")]
    [InlineData("0B0C", "is no ModelInferRequest")]
    [InlineData("03", "is no ModelInferRequest")]
    [InlineData("00", "is no ModelInferRequest")]
    [InlineData("2A05", "is no ModelInferRequest")]
    [InlineData("2A020A05", "is no ModelInferRequest")]
    [InlineData("2A041A0280", "is no ModelInferRequest")]
    [InlineData("2A052A03320100", "is no ModelInferRequest")]
    [InlineData("2AFFFFFFFFFFFFFFFFFF01", "is no ModelInferRequest")]
    [InlineData("FFFFFFFFFFFFFFFFFFFF01", "is no ModelInferRequest")]
    [InlineData("2A231A21000000000000000000000000000000000000000000000000000000000000000000", "32 dimensions")]
    public void What_is_no_message_is_refused(string bytes, string words) =>
        Assert.Contains(words, Assert.Throws<InferenceException>(() => Measure(Convert.FromHexString(bytes))).Message, StringComparison.Ordinal);

    [Fact]
    public void Random_messages_are_taken_where_they_are_within_bounds_and_no_more_is_made_of_them_than_was_counted()
    {
        var random = new Random(4);
        var (taken, refused) = (0, 0);
        for (var round = 0; round < 1500; round++)
        {
            var request = RandomRequest(random);
            var bytes = request.ToByteArray();
            var isWithin = IsWithin(request);
            Assert.Equal(isWithin, Record.Exception(() => AssertCounted(bytes, random)) is null);
            _ = isWithin ? taken++ : refused++;
        }

        Assert.True(taken > 300 && refused > 100, $"{taken} taken, {refused} refused");
    }

    [Fact]
    public void No_more_is_made_of_damaged_messages_than_was_counted()
    {
        var random = new Random(5);
        var (taken, room) = (0, new byte[1 << 20]);
        for (var round = 0; round < 20_000; round++)
        {
            var (seed, other) = (SmallRequest(random).ToByteArray(), SmallRequest(random).ToByteArray());
            var length = new PayloadMutator(random.Next()).Mutate(seed, other, room.AsSpan(0, seed.Length + 128));
            try
            {
                AssertCounted(room[..length], random);
                taken++;
            }
            catch (Exception error) when (error is InferenceException or InvalidProtocolBufferException)
            {
                // It is no message.
            }
        }

        Assert.True(taken > 1000, $"{taken} taken");
    }

    [Theory]
    [InlineData(0x0A, 1, 1)]
    [InlineData(0x12, 1, 4)]
    [InlineData(0x1A, 1, 8)]
    [InlineData(0x22, 1, 4)]
    [InlineData(0x2A, 1, 8)]
    [InlineData(0x32, 4, 4)]
    [InlineData(0x3A, 8, 8)]
    public void Elements_are_counted_as_what_they_become(byte tag, int wire, int width)
    {
        const int elements = 100_000;
        var contents = new ArrayBufferWriter<byte>();
        using (var output = new MemoryStream())
        {
            using var coded = new CodedOutputStream(output);
            coded.WriteRawTag(tag);
            coded.WriteBytes(ByteString.CopyFrom(new byte[elements * wire]));
            coded.Flush();
            contents.Write(output.ToArray());
        }

        var request = new ModelInferRequest { Inputs = { new ModelInferRequest.Types.InferInputTensor { Contents = InferTensorContents.Parser.ParseFrom(contents.WrittenSpan) } } };
        var size = AssertCounted(request.ToByteArray(), new Random(6));
        Assert.Equal(elements * width, size.TensorBytes);
        Assert.True(size.ParsedBytes >= elements * width);
    }

    private static InferMessageSize Measure(byte[] message) => InferMessage.Measure(new(message));

    private static InferMessageSize AssertCounted(byte[] message, Random random)
    {
        var whole = Split(message, random);
        var size = InferMessage.Measure(whole);
        Assert.Equal(size, Measure(message));
        ModelInferRequest.Parser.ParseFrom(whole);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var request = ModelInferRequest.Parser.ParseFrom(whole);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        GC.KeepAlive(request);
        Assert.True(allocated <= MostAllocated * size.ParsedBytes, $"{allocated} bytes were allocated for {Convert.ToHexString(message.AsSpan(0, Math.Min(200, message.Length)))}, which was said to come to {size.ParsedBytes}");
        return size;
    }

    /// <summary>In pieces, as it comes from the network.</summary>
    private static ReadOnlySequence<byte> Split(byte[] message, Random random)
    {
        if (message.Length == 0) return default;
        var first = new Piece(message.AsMemory(0, Math.Min(message.Length, random.Next(1, 5000))), before: null);
        var last = first;
        for (var at = first.Memory.Length; at < message.Length; at += last.Memory.Length) last = new(message.AsMemory(at, Math.Min(message.Length - at, random.Next(1, 5000))), last);
        return new(first, 0, last, last.Memory.Length);
    }

    private static bool IsWithin(ModelInferRequest request) =>
        request.Inputs.Count <= 1024 && request.Outputs.Count <= 1024 && request.RawInputContents.Count <= 1024
        && request.Parameters.Count + request.Inputs.Sum(static input => input.Parameters.Count) + request.Outputs.Sum(static output => output.Parameters.Count) <= 1024
        && request.Inputs.All(static input => input.Shape.Count <= 32 && input.Name.Length <= 4096) && request.Id.Length <= 4096
        && request.Inputs.Sum(static input => input.Contents?.BytesContents.Count ?? 0) <= 1024;

    private static ModelInferRequest RandomRequest(Random random)
    {
        var request = SmallRequest(random);
        var many = random.Next(1022, 1027);
        switch (random.Next(12))
        {
            case 0: while (request.Inputs.Count < many) request.Inputs.Add(new ModelInferRequest.Types.InferInputTensor()); break;
            case 1: while (request.Outputs.Count < many) request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor()); break;
            case 2: while (request.RawInputContents.Count < many) request.RawInputContents.Add(ByteString.Empty); break;
            case 3: while (request.Parameters.Count < many) request.Parameters.Add($"{request.Parameters.Count}x", new() { Int64Param = 3 }); break;
            case 4: request.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Shape = { new long[random.Next(30, 35)] } }); break;
            case 5: request.Id = new('i', random.Next(4094, 4099)); break;
            case 6: request.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Contents = new() { BytesContents = { Enumerable.Repeat(ByteString.CopyFrom(1), many) } } }); break;
            default: break;
        }

        return request;
    }

    private static ModelInferRequest SmallRequest(Random random)
    {
        var request = new ModelInferRequest { ModelName = "m", ModelVersion = random.Next(2) == 0 ? "" : "1", Id = new('i', random.Next(50)) };
        for (var parameters = random.Next(3); parameters > 0; parameters--) request.Parameters[$"p{parameters}"] = new() { StringParam = "some text" };
        for (var inputs = random.Next(4); inputs > 0; inputs--)
        {
            var input = new ModelInferRequest.Types.InferInputTensor { Name = $"input {inputs}", Datatype = "FP32", Shape = { 1, random.NextInt64() } };
            if (random.Next(2) == 0) input.Parameters["q"] = new() { DoubleParam = 3 };
            var elements = random.Next(3) == 0 ? random.Next(3000) : random.Next(10);
            switch (random.Next(6))
            {
                case 0: request.RawInputContents.Add(ByteString.CopyFrom(new byte[elements])); break;
                case 1: input.Contents = new() { Fp32Contents = { new float[elements] } }; break;
                case 2: input.Contents = new() { Int64Contents = { new long[elements] }, BoolContents = { new bool[elements] } }; break;
                case 3: input.Contents = new() { UintContents = { Enumerable.Repeat(uint.MaxValue, elements) }, Fp64Contents = { new double[elements] } }; break;
                case 4: input.Contents = new() { BytesContents = { ByteString.CopyFromUtf8("text"), ByteString.Empty } }; break;
                default: break;
            }

            request.Inputs.Add(input);
        }

        if (random.Next(2) == 0) request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "y", Parameters = { ["binary_data"] = new() { BoolParam = true } } });
        return request;
    }
}
