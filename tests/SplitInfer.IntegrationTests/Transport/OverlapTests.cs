using Microsoft.Extensions.Logging.Abstractions;
using SplitInfer.Client.Transport;
using SplitInfer.Server;
using SplitInfer.Testing.Wire;

namespace SplitInfer.IntegrationTests.Transport;

public class OverlapTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static TheoryData<string> Addresses => ["tcp://127.0.0.1:0", $"unix://{Path.GetTempPath()}{Path.GetRandomFileName()}"];

    /// <summary>Without overlap at either end the first wait would be in vain.</summary>
    [Theory]
    [MemberData(nameof(Addresses))]
    public async Task A_slab_is_decoded_by_one_end_before_the_other_encodes_the_next(string address)
    {
        using var decoded = new SemaphoreSlim(0);
        var sender = new ProbeCodec { OnEncode = slab => Assert.True(slab == 0 || decoded.Wait(Patience)) };
        var receiver = new ProbeCodec { OnDecoded = _ => decoded.Release() };
        await using var server = ServerComposition.CreateFrameServer(new DigestModel(), new([receiver]), new(), TimeProvider.System, NullLogger.Instance);
        var bound = server.Start([new Uri(address)])[0];
        await using var transport = new RemoteTailTransport(bound, "model", "", WirePlan.Plan, new([sender]), new(), TimeProvider.System);
        for (var seed = 0; seed < 3; seed++) await new Exchange(WirePlan.Large, seed, codec: sender).MakeAsync(transport);
    }
}
