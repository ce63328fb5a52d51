using SplitInfer.Codecs;
using SplitInfer.Protocol;
using SplitInfer.Server;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>A server whose operator allows some codecs only.</summary>
public class AllowedCodecsTests
{
    private static readonly byte[] Model = UNet.Build().ToBytes();

    [Theory]
    [InlineData("Quantized8")]
    [InlineData("ZeroBitmap")]
    public async Task A_codec_that_is_allowed_is_taken(string codec)
    {
        // Without Raw, replies are in the lossless one that there is.
        await using var deployment = await Deployment.StartAsync(Model, static server => server.Codecs = ["Quantized8", "ZeroBitmap"]);
        await using var client = await deployment.ConnectAsync(client => (client.Codec, client.Partition) = (codec, 1));
        using var input = RandomTensor.Normal(new Random(1), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
        using var result = await client.InferAsync(input);
        Assert.Equal(Client.InferenceSource.Split, result.Source);
    }

    [Theory]
    [InlineData("Raw")]
    [InlineData("Quantized7")]
    public async Task A_codec_that_is_not_allowed_is_refused_with_those_that_are(string codec)
    {
        await using var deployment = await Deployment.StartAsync(Model, static server => server.Codecs = ["Quantized8", "ZeroBitmap"]);
        await using var client = await deployment.ConnectAsync(client => (client.Codec, client.Partition, client.OnServerFailure) = (codec, 1, Client.OnServerFailure.Throw));
        using var input = RandomTensor.Normal(new Random(1), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
        var error = await Assert.ThrowsAsync<TailRefusedException>(async () => (await client.InferAsync(input)).Dispose());
        Assert.Equal(RefusalCode.CodecNotAllowed, error.Code);
        Assert.Contains($"'{codec}'. Use one of: ZeroBitmap, Quantized8.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_that_there_are_not_are_refused_at_the_start() =>
        Assert.Contains("ZeroBitmapEntropy", (await Assert.ThrowsAsync<UnknownCodecException>(() => StartAsync("Raw", "Zip"))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Without_a_lossless_codec_no_server_starts() =>
        Assert.Contains("Raw", (await Assert.ThrowsAsync<LosslessCodecRequiredException>(() => StartAsync("Quantized8"))).Message, StringComparison.Ordinal);

    private static async Task StartAsync(params string[] codecs) =>
        await (await SplitInferServer.StartAsync(new() { ModelsDirectory = "nowhere", Codecs = codecs })).DisposeAsync();
}
