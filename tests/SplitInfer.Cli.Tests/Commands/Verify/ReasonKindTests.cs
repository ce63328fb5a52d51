using SplitInfer.Cli.Commands.Verify;

namespace SplitInfer.Cli.Tests.Commands.Verify;

public sealed class ReasonKindTests
{
    [Theory]
    [InlineData("a/m.onnx: the output 'y' is a sequence, and only dense tensors can be passed.", "the output '…' is a sequence, and only dense tensors can be passed.")]
    [InlineData("Cannot load a/m.onnx twice", "Cannot load … twice")]
    [InlineData("Could not find an implementation for Add(6) node with name ''", "Could not find an implementation for Add(N) node with name '…'")]
    [InlineData("at partition 3 or 4: the process died (signal SIGSEGV)", "at partition N or N: the process died (signal SIGSEGV)")]
    [InlineData("must be float16, not int8; idx=-1 is out of [-1,0]", "must be float16, not int8; idx=N is out of [N]")]
    [InlineData("Input shape:{2,6}, requested\n shape:{1,1}", "Input shape:{…}, requested shape:{…}")]
    public void A_kind_has_no_names_and_numbers_of_the_case(string reason, string kind) => Assert.Equal(kind, ReasonKind.Of(reason, "a/m.onnx"));

    [Fact]
    public void A_kind_is_short_enough_for_a_line() => Assert.InRange(ReasonKind.Of(new string('x', 5000), "m").Length, 1, 300);
}
