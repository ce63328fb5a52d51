using SplitInfer.Protocol;
using SplitInfer.Server.Tests.Connections;

namespace SplitInfer.Server.Tests.WholeModels;

/// <summary>The memory of requests for whole models is bounded as that of the frames is.</summary>
public sealed class WholeModelMemoryTests
{
    [Fact]
    public async Task The_requests_of_a_connection_share_what_it_may_hold()
    {
        await using var client = new ScriptedClient(new() { MaxHeldBytesPerConnection = 100 });
        var server = new WholeModelServer(client);
        var (one, other) = (server.Connect(), server.Connect());
        using (var first = server.Begin(one))
        using (var second = server.Begin(one))
        using (var read = server.Reserve(one))
        using (var elsewhere = server.Begin(other))
        {
            first.Promise(60);
            Assert.Equal(RefusalCode.Busy, Assert.Throws<TailRefusedException>(() => second.Promise(60)).Code);
            Assert.Equal(RefusalCode.Busy, Assert.Throws<TailRefusedException>(() => read.Promise(60)).Code);
            read.Promise(40);
            elsewhere.Promise(60);
        }

        using var later = server.Begin(one);
        later.Promise(100);
    }
}
