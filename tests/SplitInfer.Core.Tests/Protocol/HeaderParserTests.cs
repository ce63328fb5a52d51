using Google.Protobuf;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;

namespace SplitInfer.Core.Tests.Protocol;

public class HeaderParserTests
{
    private readonly HeaderParser<RequestHeader> _parser = new(new(), Headers.Clear);

    [Fact]
    public void Nothing_is_left_over_from_the_message_before() => Sampled.Check(1, 200, random =>
    {
        var header = new RequestHeader
        {
            Partition = (uint)random.Next(3),
            Codec = (uint)random.Next(3),
            DeadlineUs = (ulong)random.Next(3),
            SymbolSizes = { Enumerable.Range(0, random.Next(4)).Select(_ => random.NextInt64()) },
        };
        Assert.Equal(header, _parser.Parse(header.ToByteArray()));
    });

    [Fact]
    public void Unknown_fields_are_let_go()
    {
        byte[] unknown = [0xFA, 0x01, 0x03, 1, 2, 3]; // field 31, three bytes
        for (var round = 0; round < 3; round++) Assert.Equal(0, _parser.Parse(unknown).CalculateSize());
    }

    [Theory]
    [InlineData("FF")]
    [InlineData("2205")]
    [InlineData("0BFFFFFFFF")]
    public void What_is_no_such_message_is_an_error(string hex) =>
        Assert.Throws<ProtocolException>(() => _parser.Parse(Convert.FromHexString(hex)));

    [Fact]
    public void Random_bytes_are_read_or_an_error() => Sampled.Check(2, 1000, random =>
    {
        var bytes = new byte[random.Next(100)];
        random.NextBytes(bytes);
        try
        {
            _parser.Parse(bytes);
        }
        catch (ProtocolException)
        {
            // The one error that there may be.
        }
    });
}
