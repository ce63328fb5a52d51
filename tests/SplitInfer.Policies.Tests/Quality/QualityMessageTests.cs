using SplitInfer.Policies.Quality;

namespace SplitInfer.Policies.Tests.Quality;

public class QualityMessageTests
{
    [Fact]
    public void What_is_written_is_read_and_is_less_than_a_hundred_bytes()
    {
        var report = new LoadReport(uint.MaxValue, 3, 2, 1.5f, 0.9f, [.. Enumerable.Range(0, LoadReport.MaxClasses).Select(static i => new LoadClass((ushort)i, 2, i + 1, 100 * i))]);
        Assert.InRange(report.ToBytes().Length, 1, 100);
        var read = LoadReport.FromBytes(report.ToBytes());
        Assert.Equal(report with { Classes = read.Classes }, read);
        Assert.Equal(report.Classes, read.Classes.AsEnumerable());
        var price = new PriceMessage(5, 6, 12.5);
        var bytes = new byte[PriceMessage.Bytes];
        price.Write(bytes);
        Assert.Equal(price, PriceMessage.Read(bytes));
    }

    [Fact]
    public void Bytes_that_no_node_sends_are_refused_and_never_anything_else() => RandomCurves.ForAll(500, static random =>
    {
        var bytes = random.Next(2) == 0 ? new LoadReport(1, 1, 1, 1, 0, [new(0, 0, 1, 1)]).ToBytes() : new byte[PriceMessage.Bytes];
        bytes[0] = 1;
        for (var i = random.Next(6); i > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        if (random.Next(4) == 0) bytes = bytes[..random.Next(bytes.Length)];
        Try(() => LoadReport.FromBytes(bytes));
        Try(() => PriceMessage.Read(bytes));
    });

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(-1)]
    [InlineData(double.PositiveInfinity)]
    public void A_price_is_a_number_of_at_least_0(double price)
    {
        var bytes = new byte[PriceMessage.Bytes];
        new PriceMessage(1, 1, price).Write(bytes);
        Assert.Throws<QualityMessageException>(() => PriceMessage.Read(bytes));
    }

    private static void Try(Func<object> read)
    {
        try
        {
            read();
        }
        catch (QualityMessageException)
        {
        }
    }
}
