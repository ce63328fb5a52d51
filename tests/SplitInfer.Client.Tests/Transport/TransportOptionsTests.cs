using SplitInfer.Client.Transport;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Tests.Transport;

public class TransportOptionsTests
{
    private static readonly Dictionary<string, Action<TransportOptions>> Wrong = new()
    {
        ["Transport.ConnectTimeout must be more than 0"] = static o => o.ConnectTimeout = TimeSpan.Zero,
        ["Transport.ConnectTimeout must be more than 0, and at most 25 days"] = static o => o.ConnectTimeout = TimeSpan.MaxValue,
        ["Transport.StallTimeout must be more than 0"] = static o => o.StallTimeout = TimeSpan.FromSeconds(-1),
        ["Transport.StallTimeout must be more than 0, and at most 25 days"] = static o => o.StallTimeout = TimeSpan.MaxValue,
        ["Transport.NoProgressTimeout must be more than 0"] = static o => o.NoProgressTimeout = TimeSpan.Zero,
        ["Transport.NoProgressTimeout must be more than 0, and at most 25 days"] = static o => o.NoProgressTimeout = TimeSpan.FromDays(30),
        ["Transport.OutputSizes must be set"] = static o => o.OutputSizes = null!,
        ["Transport.OutputSizes must be set, with limits of at least 1"] = static o => o.OutputSizes = new SizeLimits { MaxBytes = 0 },
    };

    public static TheoryData<string> Messages => [.. Wrong.Keys];

    [Theory]
    [MemberData(nameof(Messages))]
    public void A_client_that_is_set_wrongly_is_told_which_option_it_is(string message)
    {
        var options = new SplitInferenceOptions();
        Wrong[message](options.Transport);
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => options.Validate(needsModelPath: false)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_that_are_null_are_named() =>
        Assert.Contains("Transport", Assert.Throws<ArgumentException>(() => new SplitInferenceOptions { Transport = null! }.Validate(needsModelPath: false)).Message, StringComparison.Ordinal);

    [Fact]
    public void The_defaults_are_valid() => new SplitInferenceOptions().Validate(needsModelPath: false);
}
