using System.Globalization;
using System.Text;
using SplitInfer.Protocol;

namespace SplitInfer.Core.Tests.Protocol;

public class PeerTextTests
{
    private static readonly UnicodeCategory[] Unfit =
        [UnicodeCategory.Control, UnicodeCategory.Format, UnicodeCategory.LineSeparator, UnicodeCategory.ParagraphSeparator, UnicodeCategory.Surrogate, UnicodeCategory.PrivateUse];

    [Fact]
    public void Nothing_is_left_that_moves_a_cursor_or_ends_a_line() => Sampled.Check(seed: 41, 500, static random =>
    {
        var text = new string([.. Enumerable.Range(0, random.Next(1200)).Select(_ => (char)random.Next(random.Next(2) == 0 ? 0x100 : 0x10000))]);
        var clean = PeerText.Clean(text);
        Assert.DoesNotContain(clean.EnumerateRunes(), static rune => Unfit.Contains(Rune.GetUnicodeCategory(rune)) || rune == Rune.ReplacementChar);
        Assert.InRange(clean.Length, 0, PeerText.MaxLength + @"\uD83D\uDE42".Length);
        Assert.True(PeerText.IsPlain(clean));
    });

    [Theory]
    [InlineData("résumé 模型 🙂", "résumé 模型 🙂")]
    [InlineData("a\nb\u001b[31m\u202e\0", @"a\u000Ab\u001B[31m\u202E\u0000")]
    public void What_is_readable_stays(string text, string clean) => Assert.Equal(clean, PeerText.Clean(text));

    [Theory]
    [InlineData("", true)]
    [InlineData("résumé 模型 🙂", true)]
    [InlineData("a\nb", false)]
    [InlineData("x\ue000", false)] // private use
    [InlineData("x\U000E0041", false)] // a tag, which is a format character of two
    public void What_is_escaped_is_not_plain(string text, bool isPlain) => Assert.Equal((isPlain, isPlain), (PeerText.IsPlain(text), PeerText.Clean(text) == text));

    [Fact]
    public void A_lone_surrogate_is_escaped() => Assert.Equal((@"\uD800x", false), (PeerText.Clean("\ud800x"), PeerText.IsPlain("\ud800x")));

    [Fact]
    public void What_is_long_is_cut() => Assert.Equal(new string('x', PeerText.MaxLength) + '…', PeerText.Clean(new('x', 1_000_000)));
}
