using Google.Protobuf;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;

namespace SplitInfer.Core.Tests.Protocol;

public class HeaderParserTests
{
    private readonly HeaderParser<RequestHeader> _requests = new(new(), Headers.Clear);
    private readonly HeaderParser<ResponseHeader> _responses = new(new(), Headers.Clear);

    private static ClientReport Report(Random random) => new()
    {
        RoundTripUs = (ulong)random.Next(3), BitsPerSecond = (ulong)random.Next(3), Finished = (uint)random.Next(3), Forced = (uint)random.Next(3), Raced = (uint)random.Next(3),
        WonByDevice = (uint)random.Next(3), OnDevice = (uint)random.Next(3), OnDeviceUs = (ulong)random.Next(3),
        Last = random.Next(2) == 0 ? null : new()
        {
            Partition = (uint)random.Next(3), Codec = (uint)random.Next(3), Variant = (uint)random.Next(3), IsForced = random.Next(2) == 0, IsRaced = random.Next(2) == 0, IsDevice = random.Next(2) == 0,
            DecideUs = (uint)random.Next(3), HeadUs = (uint)random.Next(3), EncodeUs = (uint)random.Next(3), SendUs = (uint)random.Next(3), ServerUs = (uint)random.Next(3),
            ReplyUs = (uint)random.Next(3), TailUs = (uint)random.Next(3), TotalUs = (uint)random.Next(3), PredictedUs = (uint)random.Next(3),
        },
    };

    public static TheoryData<string> Messages => ["Hello", "Welcome", "OpenModel", "ModelOpened", "ErrorHeader", "GoAway", "RequestHeader", "ResponseHeader"];

    [Fact]
    public void Nothing_is_left_over_from_the_request_before() => Sampled.Check(1, 200, random =>
    {
        var header = new RequestHeader
        {
            Handle = (uint)random.Next(3), Partition = (uint)random.Next(3), Codec = (uint)random.Next(3), Exit = (uint)random.Next(3),
            BudgetUs = (ulong)random.Next(3), Weight = (uint)random.Next(3), Priority = (uint)random.Next(3), PlanCheck = (ulong)random.Next(3),
            TraceHigh = (ulong)random.Next(3), TraceLow = (ulong)random.Next(3), Span = (ulong)random.Next(3), TraceFlags = (uint)random.Next(3),
            TraceState = random.Next(2) == 0 ? "" : "vendor=1",
            SymbolSizes = { Enumerable.Range(0, random.Next(4)).Select(_ => random.NextInt64()) },
            Report = random.Next(2) == 0 ? null : Report(random),
        };
        var parsed = _requests.Parse(header.ToByteArray());
        // The parser keeps the messages that it has, with nothing in them.
        if (parsed.Report is not null) header.Report ??= new();
        if (parsed.Report?.Last is not null) header.Report!.Last ??= new();
        Assert.Equal(header, parsed);
    });

    [Fact]
    public void Nothing_is_left_over_from_the_response_before()
    {
        _responses.Parse(new ResponseHeader { Load = new() }.ToByteArray());
        Sampled.Check(2, 200, random =>
        {
            var header = new ResponseHeader
            {
                Codec = (uint)random.Next(3), QueueUs = (ulong)random.Next(3), DecodeUs = (ulong)random.Next(3), RunUs = (ulong)random.Next(3), EncodeUs = (ulong)random.Next(3),
                Exit = (uint)random.Next(3), Confidence = random.Next(3),
                SymbolSizes = { Enumerable.Range(0, random.Next(4)).Select(_ => random.NextInt64()) },
                Load = random.Next(2) == 0 ? null : new()
                {
                    Running = (uint)random.Next(3), Queued = (uint)random.Next(3), Places = (uint)random.Next(3), WaitUs = (ulong)random.Next(3), Price = random.Next(3),
                },
            };
            var parsed = _responses.Parse(header.ToByteArray());
            header.Load ??= new(); // the parser keeps the one that it has, with nothing in it
            Assert.Equal(header, parsed);
        });
    }

    [Fact]
    public void A_message_is_parsed_into_the_one_that_is_there()
    {
        var bytes = new ResponseHeader { RunUs = 5, Load = new() { Running = 1 } }.ToByteArray();
        var (first, load) = (_responses.Parse(bytes), _responses.Parse(bytes).Load);
        Assert.Same(first, _responses.Parse(bytes));
        Assert.Same(load, _responses.Parse(bytes).Load);
    }

    [Fact]
    public void The_memory_of_a_long_header_does_not_stay()
    {
        var longOne = new RequestHeader { Handle = 7, SymbolSizes = { Enumerable.Repeat(1L, 60_000) } }.ToByteArray();
        var kept = _requests.Parse(new RequestHeader { Handle = 1, SymbolSizes = { 1, 2 } }.ToByteArray());
        var parsed = _requests.Parse(longOne);
        Assert.Equal((7u, 60_000), (parsed.Handle, parsed.SymbolSizes.Count));
        Assert.NotSame(kept, parsed);
        Assert.InRange(kept.SymbolSizes.Capacity, 0, 64);
        Assert.Same(kept, _requests.Parse([]));
    }

    [Fact]
    public void Unknown_fields_are_let_go()
    {
        byte[] unknown = [0xFA, 0x01, 0x03, 1, 2, 3]; // field 31, three bytes
        for (var round = 0; round < 3; round++) Assert.Equal(0, _requests.Parse(unknown).CalculateSize());
    }

    [Theory]
    [InlineData("FF")]
    [InlineData("4205")]
    [InlineData("0BFFFFFFFF")]
    public void What_is_no_such_message_is_an_error(string hex) =>
        Assert.Throws<ProtocolException>(() => _requests.Parse(Convert.FromHexString(hex)));

    [Theory]
    [MemberData(nameof(Messages))]
    public void Random_bytes_are_read_or_an_error(string message) => Sampled.Check(3, 1000, random =>
    {
        var bytes = new byte[random.Next(100)];
        random.NextBytes(bytes);
        try
        {
            Parse(message, bytes);
        }
        catch (ProtocolException)
        {
            // The one error that there may be.
        }
    });

    [Theory]
    [MemberData(nameof(Messages))]
    public void A_golden_header_with_a_changed_byte_is_read_or_an_error(string message)
    {
        var name = message switch { "ErrorHeader" => "ModelRefused", _ => message.Replace("Header", "", StringComparison.Ordinal) };
        var golden = GoldenFrames.All[name];
        var header = golden.AsSpan(FrameHeader.Size, FrameHeader.Read(golden).HeaderLength).ToArray();
        Assert.NotEmpty(header);
        Parse(message, header);
        for (var at = 0; at < header.Length; at++)
        {
            for (var value = 0; value < 256; value++)
            {
                byte[] changed = [.. header];
                changed[at] = (byte)value;
                try
                {
                    Parse(message, changed);
                }
                catch (ProtocolException)
                {
                    // The one error that there may be.
                }
            }
        }
    }

    private void Parse(string message, byte[] bytes)
    {
        _ = message switch
        {
            "Hello" => (object)Headers.Parse(Hello.Parser, bytes),
            "Welcome" => Headers.Parse(Welcome.Parser, bytes),
            "OpenModel" => Headers.Parse(OpenModel.Parser, bytes),
            "ModelOpened" => Headers.Parse(ModelOpened.Parser, bytes),
            "ErrorHeader" => Headers.Parse(ErrorHeader.Parser, bytes),
            "GoAway" => Headers.Parse(GoAway.Parser, bytes),
            "RequestHeader" => _requests.Parse(bytes),
            _ => _responses.Parse(bytes),
        };
    }
}
