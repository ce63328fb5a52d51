using SplitInfer.Codecs;

namespace SplitInfer.Core.Tests.Codecs;

public sealed class CodecRegistryTests
{
    [Fact]
    public void Raw_comes_first_so_that_replies_are_raw() => Assert.Equal("Raw", CodecRegistry.Default.Names.First());

    [Fact]
    public void Names_that_are_allowed_keep_the_order_of_preference()
    {
        Assert.Equal(["Raw", "ZeroBitmap", "Quantized4"], CodecRegistry.Default.Allow(["Quantized4", "ZeroBitmap", "Raw", "Raw"]).Names);
        Assert.Empty(CodecRegistry.Default.Allow([]).Names);
        Assert.Same(CodecRegistry.Default, CodecRegistry.Default.Allow(null));
    }

    [Fact]
    public void A_name_that_there_is_not_is_refused_with_those_that_there_are()
    {
        var error = Assert.Throws<UnknownCodecException>(() => CodecRegistry.Default.Allow(["Raw", "raw"]));
        Assert.Contains("'raw'", error.Message, StringComparison.Ordinal);
        Assert.All(CodecRegistry.Default.Names, name => Assert.Contains(name, error.Message, StringComparison.Ordinal));
    }
}
