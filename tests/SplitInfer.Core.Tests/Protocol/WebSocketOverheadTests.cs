using SplitInfer.Protocol;
using SplitInfer.Protocol.Endpoints.WebSockets;

namespace SplitInfer.Core.Tests.Protocol;

/// <summary>Which connections carry too little beside what WebSockets themselves need.</summary>
public class WebSocketOverheadTests
{
    private const int MaskedHeader = 14, Ping = 6;

    [Theory]
    [InlineData(32)]
    [InlineData(4096)]
    [InlineData(256 << 10)]
    public void Messages_with_payload_may_go_on_for_ever(int payload)
    {
        var overhead = new WebSocketOverhead();
        for (var message = 0; message < 100_000; message++)
        {
            overhead.Begin(payload);
            overhead.Read(payload + MaskedHeader);
            overhead.Deliver(payload);
        }
    }

    [Fact]
    public void Small_messages_may_be_read_ahead()
    {
        const int Header = 8, Payload = 33, AtOnce = 4096 / (Header + Payload);
        var overhead = new WebSocketOverhead();
        for (var turn = 0; turn < 10_000; turn++)
        {
            overhead.Begin(8192);
            overhead.Read(AtOnce * (Header + Payload));
            for (var message = 0; message < AtOnce; message++) overhead.Deliver(Payload);
        }
    }

    [Fact]
    public void A_ping_now_and_then_is_forgotten_with_the_next_payload()
    {
        var overhead = new WebSocketOverhead();
        for (var message = 0; message < 100_000; message++)
        {
            overhead.Begin(8192);
            overhead.Read(Ping);
            overhead.Read(32 + MaskedHeader);
            overhead.Deliver(32);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_flood_with_next_to_no_payload_ends(int payload)
    {
        var overhead = new WebSocketOverhead();
        Assert.Throws<ProtocolException>(() =>
        {
            for (var message = 0; message < 100_000; message++)
            {
                overhead.Begin(8192);
                for (var ping = 0; ping < 100; ping++) overhead.Read(Ping);
                overhead.Deliver(payload);
            }
        });
    }
}
