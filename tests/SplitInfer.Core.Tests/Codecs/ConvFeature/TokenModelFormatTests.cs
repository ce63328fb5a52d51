using SplitInfer.Codecs;
using SplitInfer.Codecs.ConvFeature;
using SplitInfer.Codecs.Entropy;

namespace SplitInfer.Core.Tests.Codecs.ConvFeature;

public sealed class TokenModelFormatTests
{
    [Fact]
    public void ModelsComeBackAndSumToTheScale()
    {
        var random = new Random(9);
        var bytes = new byte[TokenModelFormat.MaxLength];
        for (var turn = 0; turn < 300; turn++)
        {
            var models = new ushort[Contexts.Count][];
            var writer = new BitWriter(bytes);
            var format = default(TokenModelFormat);
            for (var context = 0; context < models.Length; context++)
            {
                var counts = new uint[Tokens.Room];
                for (var token = 0; token < Tokens.Count; token++) counts[token] = (uint)(random.Next(2) * random.Next(1 << random.Next(1, 24)));
                models[context] = new ushort[Tokens.Room];
                var dominant = turn % 3 == context % 3 ? -1 : TokenModel.Normalise(counts, models[context]);
                if (dominant >= 0)
                {
                    Assert.Equal(TokenModel.Scale, models[context].Sum(static frequency => frequency));
                    for (var token = 0; token < counts.Length; token++) Assert.Equal(counts[token] != 0, models[context][token] != 0);
                }

                format.Write(ref writer, context, models[context], dominant);
            }

            var reader = new BitReader(bytes.AsSpan(0, writer.Finish()));
            format = default;
            foreach (var (context, model) in models.Index())
            {
                var read = new ushort[Tokens.Room];
                if (format.Read(ref reader, context, read) != 0) Assert.Equal(model, read);
                else Assert.Equal(0, model.Sum(static frequency => frequency));
            }

            Assert.False(reader.Overran);
        }
    }

    [Fact]
    public void ForgedModelsAreRefused()
    {
        // A last token beyond all, a dominant one beyond the last, an end before all is read, and frequencies that leave nothing.
        byte[][] forged = [[0, 0xFF, 0xFF], [0, 0x85, 0xFF], [0, 0x05], [0, 0x03, 0x00, 0x00, 0x00, 0x00], [8, 0], []];
        foreach (var bytes in forged)
        {
            Assert.Throws<InvalidPayloadException>(() =>
            {
                var tables = new DecoderTables(new uint[DecoderTables.EntriesLength], new int[Contexts.Room]);
                var reader = new PayloadReader("test", bytes);
                ContextModels.Read(ref reader, ref tables);
            });
        }
    }
}
