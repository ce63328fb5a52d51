using System.Security.Cryptography;
using SplitInfer.Tensors;

namespace SplitInfer.Core.Tests.Codecs;

/// <summary>
/// The bytes that each codec writes for tensors made of integers only. A change here is a change of the format: an older release would
/// refuse the payload or, worse, decode something else.
/// </summary>
public sealed class GoldenPayloadTests
{
    [Theory]
    [InlineData("Raw", "8c2779f678961132")]
    [InlineData("ZeroBitmap", "a73b477da70077f3")]
    [InlineData("ZeroBitmapEntropy", "3193b97dac1257ce")]
    [InlineData("Float16", "60216887eef9cb46")]
    [InlineData("BFloat16", "b53e5194979c1da8")]
    [InlineData("Lz4", "8f5f267d1d6f6c08")]
    [InlineData("Quantized2", "e3e4e84300ca26d7")]
    [InlineData("Quantized4", "ae3a02651a7bbd7e")]
    [InlineData("Quantized8", "dc7e7ad05cfad1d8")]
    [InlineData("Quantized3PerChannel", "26e829e28f86b27a")]
    [InlineData("Quantized8PerChannel", "88d6b765dd054fdf")]
    [InlineData("ConvFeature3", "cbe2ee23f08547c7")]
    [InlineData("ConvFeature14", "c915f04e6dfa53ea")]
    [InlineData("ConvFeature56", "094efd840b9a46bb")]
    public void PayloadsStayTheSameFromReleaseToRelease(string name, string hash)
    {
        var shape = new TensorShape(1, 12, 90, 70);
        foreach (var path in CodecPaths.All)
        {
            var codec = TestCodecs.Get(name, path);
            using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (var look in TestTensors.Shapes)
                all.AppendData(TestCodecs.Encode(codec, ElementType.Float32, shape, TestTensors.Floats(look, (int)shape.ElementCount)));
            Assert.Equal(hash, Convert.ToHexStringLower(all.GetHashAndReset())[..16]);
        }
    }
}
