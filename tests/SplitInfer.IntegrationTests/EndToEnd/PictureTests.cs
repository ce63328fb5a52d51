using SplitInfer.Calibration;
using SplitInfer.Cli;
using SplitInfer.Cli.Output;
using SplitInfer.Client;
using SplitInfer.Codecs;
using SplitInfer.Imaging;
using SplitInfer.Imaging.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Protocol;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>Inputs that are pictures cross as pictures.</summary>
public class PictureTests
{
    private static readonly PixelMapping Mapping = ImagePreprocessing.ImageNet.Pixels;
    private static readonly byte[] Model = ResNet18.Build(size: 256, classes: 10, width: 16).ToBytes();

    [Fact]
    public async Task A_picture_that_is_larger_than_a_slab_crosses_whole_and_changes_nothing()
    {
        var png = ImageCodec.Png(Mapping);
        await using var deployment = await Deployment.StartAsync(Model, server => server.KnownCodecs = server.KnownCodecs.With(png));
        await using var client = await deployment.ConnectAsync(client => (client.KnownCodecs, client.Codec, client.Partition, client.OnServerFailure) = (client.KnownCodecs.With(png), png.Name, 0, OnServerFailure.Throw));
        using var input = Picture();
        using var sent = await client.InferAsync(input);
        using var own = await client.InferAsync(input, new() { Partition = client.Plan.AllOnDevice.Index });
        Assert.Equal((InferenceSource.Server, png.Name), (sent.Source, sent.Codec));
        // Four bytes for each that the picture has, before it is compressed.
        Assert.True(sent.BytesSent < input.ByteLength / 5, $"{sent.BytesSent}");
        Assert.True(input.ByteLength > 2 * 256 * 1024);
        Assert.InRange(TensorDifference.Between(own.Outputs[0], sent.Outputs[0]).MaxAbs, 0, 1e-4);
    }

    [Theory]
    [InlineData("jpeg:95")]
    [InlineData("webp:90")]
    public async Task A_lossy_picture_is_much_smaller_and_answered_nearly_alike(string name)
    {
        var codec = ImageCodec.Parse(name, Mapping);
        await using var deployment = await Deployment.StartAsync(Model, server => server.KnownCodecs = server.KnownCodecs.With(codec));
        await using var client = await deployment.ConnectAsync(client => (client.KnownCodecs, client.Codec, client.Partition, client.OnServerFailure) = (client.KnownCodecs.With(codec), codec.Name, 0, OnServerFailure.Throw));
        using var input = Picture();
        using var sent = await client.InferAsync(input);
        using var own = await client.InferAsync(input, new() { Partition = client.Plan.AllOnDevice.Index });
        Assert.Equal((InferenceSource.Server, codec.Name), (sent.Source, sent.Codec));
        Assert.True(sent.BytesSent < input.ByteLength / 20, $"{sent.BytesSent}");
        Assert.NotEqual(own.Outputs[0].Bytes.ToArray(), sent.Outputs[0].Bytes.ToArray());
    }

    [Theory]
    [InlineData(2, false)]
    [InlineData(4, true)]
    public async Task The_pixels_that_a_grey_picture_is_decoded_to_count_among_what_a_client_may_hold(int mebibytes, bool isServed)
    {
        // 256 KiB of elements, at most as many bytes of payload, and 1 MiB of pixels with what the decoder takes.
        const int Side = 512;
        var g = new GraphBuilder();
        var pixels = g.Node("Cast", [g.Input("x", ElementType.UInt8, 1, 1, Side, Side)], ("to", 1)).Typed(ElementType.Float32);
        g.Output(g.Node("ReduceMax", [g.Relu(pixels)], ("keepdims", 1)), "y");
        var codec = ImageCodec.WebP(PixelMapping.Parse("uint8"));
        await using var deployment = await Deployment.StartAsync(g.ToBytes(), server => (server.KnownCodecs, server.Limits.MaxHeldBytesPerConnection) = (server.KnownCodecs.With(codec), mebibytes << 20));
        await using var client = await deployment.ConnectAsync(client => (client.KnownCodecs, client.Codec, client.Partition, client.OnServerFailure) = (client.KnownCodecs.With(codec), codec.Name, 0, OnServerFailure.Throw));
        using var input = TensorValue.From<byte>(Enumerable.Repeat((byte)77, Side * Side).ToArray(), 1, 1, Side, Side);
        if (!isServed)
        {
            await Assert.ThrowsAsync<TailRefusedException>(async () => (await client.InferAsync(input)).Dispose());
            return;
        }

        using var sent = await client.InferAsync(input);
        Assert.Equal((InferenceSource.Server, codec.Name), (sent.Source, sent.Codec));
    }

    [Fact]
    public async Task What_crosses_later_is_no_picture_and_crosses_all_the_same()
    {
        var codec = ImageCodec.Jpeg(Mapping);
        await using var deployment = await Deployment.StartAsync(Model, server => server.KnownCodecs = server.KnownCodecs.With(codec));
        await using var client = await deployment.ConnectAsync(client => (client.KnownCodecs, client.Codec, client.OnServerFailure) = (client.KnownCodecs.With(codec), codec.Name, OnServerFailure.Throw));
        using var input = Picture();
        using var sent = await client.InferAsync(input, new() { Partition = client.Plan.Arms[1].Index });
        using var own = await client.InferAsync(input, new() { Partition = client.Plan.AllOnDevice.Index });
        Assert.Equal(InferenceSource.Split, sent.Source);
        Assert.InRange(TensorDifference.Between(own.Outputs[0], sent.Outputs[0]).MaxAbs, 0, 1e-4);
    }

    [Fact]
    public async Task Ends_that_map_pixels_in_different_ways_do_not_read_each_others_pictures()
    {
        var (own, other) = (ImageCodec.Jpeg(Mapping), ImageCodec.Jpeg(ImagePreprocessing.ImageNetCaffe.Pixels));
        await using var deployment = await Deployment.StartAsync(Model, server => server.KnownCodecs = server.KnownCodecs.With(other));
        await using var client = await deployment.ConnectAsync(client => (client.KnownCodecs, client.Codec, client.Partition, client.OnServerFailure) = (client.KnownCodecs.With(own), own.Name, 0, OnServerFailure.Throw));
        using var input = Picture();
        var refusal = await Assert.ThrowsAsync<TailRefusedException>(async () => (await client.InferAsync(input)).Dispose());
        Assert.Equal(RefusalCode.CodecNotAllowed, refusal.Code);
        Assert.Contains(own.Name, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void With_a_calibration_a_picture_is_an_arm_at_the_first_cut_only()
    {
        using var folder = new TestFolder();
        var model = PartitionedModel.Load(Model);
        var (png, jpeg) = (ImageCodec.Png(Mapping), ImageCodec.Jpeg(Mapping));
        (string Codec, double Ratio, double Agreement)[] pictures = [("Raw", 1, 1), (png.Name, 7, 1), (jpeg.Name, 27, 0.9)], later = [("Raw", 1, 1)];
        var entries = model.Plan.Arms.SkipLast(1).SelectMany(arm => (arm.Index == 0 ? pictures : later).Select(codec => new CalibrationEntry
        {
            Partition = arm.Index,
            Codec = codec.Codec,
            Ratio = codec.Ratio,
            Agreement = codec.Agreement,
            OutputError = 0,
            EncodeGBs = 3,
            DecodeGBs = 3,
            PayloadBytes = arm.BoundaryBytes / codec.Ratio,
        }));
        CalibrationFile.Save(folder["calibration.json"], new(model.Plan.Model, model.Plan.Fingerprint, 200, entries));
        Assert.Equal([png.Name], ArmsAt(0.99).Where(static codec => codec.Contains('-', StringComparison.Ordinal)));
        Assert.Contains(jpeg.Name, ArmsAt(0.85));
        Assert.DoesNotContain(ClientArm.List(model.Plan, new() { Calibration = folder["calibration.json"] }), static arm => arm.Codec.Contains('-', StringComparison.Ordinal));

        IEnumerable<string> ArmsAt(double agreement) => ClientArm.List(model.Plan, new() { Calibration = folder["calibration.json"], MinAgreement = agreement, KnownCodecs = CodecRegistry.Default.With(png).With(jpeg) }).Select(static arm => arm.Codec);
    }

    [SharedFact]
    public async Task Photographs_shrink_as_pictures_do_and_PNG_changes_none()
    {
        using var folder = new TestFolder();
        using (var photographs = new Photographs())
        {
            for (var i = 0; i < photographs.Count; i++)
            {
                using var input = photographs.Read(i);
                NpyFile.Write(folder[$"photographs/{i:000}.npy"], input);
            }

            File.WriteAllLines(folder["labels.txt"], Enumerable.Range(0, photographs.Count).Select(i => $"{photographs.LabelOf(i)}"));
        }

        using var error = new StringWriter();
        string[] line =
        [
            "calibrate", SharedData.Model("squeezenet_fp32.onnx"), "--inputs", folder["photographs"], "--labels", folder["labels.txt"], "--partitions", "0", "--out", folder["out.json"],
            "--codec", "Raw", "--image-codecs", "png,jpeg:95,jpeg:90,webp:90", "--json",
        ];
        Assert.Equal(0, await Program.RunAsync(line, new Terminal(TextWriter.Null, error)));
        var calibration = CalibrationFile.Load(folder["out.json"]);
        var (png, good, fair, webp) = (Entry("Png"), Entry("Jpeg95"), Entry("Jpeg90"), Entry("WebP90"));
        Assert.Equal((1, 0), (png.Agreement, png.OutputError));
        Assert.InRange(png.PayloadBytes, 75_000, 90_000);
        Assert.InRange(good.PayloadBytes, 19_000, 24_000);
        Assert.InRange(fair.PayloadBytes, 13_500, 17_500);
        Assert.InRange(webp.PayloadBytes, 11_500, 15_500);
        Assert.All((CalibrationEntry[])[good, fair, webp], static entry => Assert.InRange(entry.Agreement!.Value, 0.82, 0.95));

        // The samples show how their pixels were mapped.
        CalibrationEntry Entry(string form) => calibration.Find(0, $"{form}-ImageNetCaffe")!;
    }

    /// <summary>A picture of 256×256 with slopes and some noise.</summary>
    private static TensorValue Picture()
    {
        var random = new Random(1);
        var pixels = new byte[256 * 256 * 3];
        for (var at = 0; at < pixels.Length; at++) pixels[at] = (byte)Math.Clamp((at / 3 % 256 / 2) + (at / 768 / 3) + (at % 3 * 30) + random.Next(-2, 3), 0, 255);
        return (ImagePreprocessing.ImageNet with { Width = 256, Height = 256, ShorterSide = null }).FromPixels(pixels, 256, 256, PixelFormat.Rgb24);
    }
}
