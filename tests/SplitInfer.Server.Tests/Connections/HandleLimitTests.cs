using SplitInfer.Server.Connections;

namespace SplitInfer.Server.Tests.Connections;

/// <summary>No more connections than there are files for, with all that may be on their way in or out.</summary>
public class HandleLimitTests
{
    [Theory]
    [InlineData(256 + 300, 0, 100)]
    [InlineData(256 + 400, 1, 100)]
    [InlineData(256 + 500, 2, 100)]
    [InlineData(10, 3, 1)]
    public void Each_address_of_WebSockets_has_as_many_pending_as_may_be_served(long handles, int webSocketListeners, int connections) =>
        Assert.Equal(connections, HandleLimit.ConnectionsFor(handles, webSocketListeners));
}
