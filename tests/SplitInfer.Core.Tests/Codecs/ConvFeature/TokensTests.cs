using SplitInfer.Codecs.ConvFeature;

namespace SplitInfer.Core.Tests.Codecs.ConvFeature;

public sealed class TokensTests
{
    [Fact]
    public void EveryPlaceIsInTheBucketOfItsToken()
    {
        var last = 0;
        for (var place = 0; place <= 2 + 4 * Step.MaxLevel; place++)
        {
            var token = Tokens.Of(place);
            Assert.InRange(token, last, last + 1);
            Assert.InRange(place - Tokens.FirstPlace(token), 0, (1 << Tokens.ExtraBits(token)) - 1);
            last = token;
        }

        Assert.Equal(Tokens.Count - 1, last);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(Prediction.ReachBothSides)]
    public unsafe void EveryValueHasAPlaceOfItsOwn(int reach)
    {
        var random = new Random(5);
        var memory = stackalloc int[RowWindow.Length(2)];
        for (var turn = 0; turn < 500; turn++)
        {
            // Two rows of two positions, of which the last one's neighbours matter.
            var window = new RowWindow(memory, 2);
            var (least, most) = (reach == 0 ? 0 : -40, 40);
            for (var row = 0; row < 2; row++)
            {
                window.StartRow(row);
                for (var at = 0; at < 2 * LaneLayout.Lanes; at++) (window.Values[at], window.Errors[at]) = (random.Next(least, most), random.Next(50));
            }

            var prediction = new Prediction(window, LaneLayout.Lanes + turn % LaneLayout.Lanes, reach);
            var places = new HashSet<int>();
            for (var value = 3 * least; value <= 3 * most; value++)
            {
                var place = prediction.PlaceOf(value);
                Assert.True(places.Add(place), $"{value} shares place {place}");
                Assert.Equal(value, prediction.ValueAt(place));
            }

            Assert.InRange(prediction.Context, 0, Contexts.Count - 1);
        }
    }
}
