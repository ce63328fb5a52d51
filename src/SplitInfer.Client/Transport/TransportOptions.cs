using Polly;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Transport;

/// <summary>How a client reaches its server.</summary>
public sealed class TransportOptions
{
    // The longest that a timer takes.
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromMilliseconds(int.MaxValue);

    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(1);

    /// <summary>How long connecting may take, how long a <see cref="ClientSecurityOptions.KeySource"/> may take before that, and how long the server may take to open a model. 10 seconds unless set.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the server may stop in the middle of a message, or not take what it is sent, before the connection counts as lost. 30 seconds unless set.</summary>
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a server that owes a reply may make no progress before it is given up: all requests of the connection then fail, and may be
    /// finished on the device. The server is pinged meanwhile, so a tail may take longer. After a second without a sign of life, or half of this where that is
    /// less, the device begins as well, and another connection is tried. 10 seconds unless set.
    /// </summary>
    public TimeSpan NoProgressTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Whom the client trusts and how it shows who it is, for servers without such options of their own.</summary>
    public ClientSecurityOptions Security { get; set; } = new();

    /// <summary>Sizes of the outputs that are accepted from the server.</summary>
    public SizeLimits OutputSizes { get; set; } = SizeLimits.Default;

    /// <summary>
    /// Adds strategies of Polly around every request to a server, outside of the client's own retry: a circuit breaker, a limit of requests a second, a
    /// timeout of its own, faults for tests. Called once for each server and model. What a strategy throws counts as a failure of the server, so another
    /// server or the device goes on. A strategy sends a request one time after the other, never twice at once. Null (the default): none.
    /// </summary>
    public Action<ResiliencePipelineBuilder<TailReply>>? Resilience { get; set; }

    /// <summary>
    /// Wraps every connection in a stream of your own, to slow, count or watch what it carries. It is read and written asynchronously, by one reader and one
    /// writer at a time, and owns the given stream. Null (the default): none.
    /// </summary>
    public Func<Stream, Stream>? WrapStream { get; set; }

    /// <summary>How long a server may show no sign of life before the device begins as well.</summary>
    internal TimeSpan SilencePatience => NoProgressTimeout / 2 < LongestSilence ? NoProgressTimeout / 2 : LongestSilence;

    /// <summary>Checks every option.</summary>
    /// <param name="name">What the options are called where they are set.</param>
    /// <exception cref="ArgumentException">One cannot be used; the message names it.</exception>
    internal void Validate(string name)
    {
        Require(IsTimeout(ConnectTimeout), nameof(ConnectTimeout), $"more than 0, and at most {LongestTimeout.TotalDays:0} days; it is {ConnectTimeout}");
        Require(IsTimeout(StallTimeout), nameof(StallTimeout), $"more than 0, and at most {LongestTimeout.TotalDays:0} days; it is {StallTimeout}");
        Require(IsTimeout(NoProgressTimeout), nameof(NoProgressTimeout), $"more than 0, and at most {LongestTimeout.TotalDays:0} days; it is {NoProgressTimeout}");
        Require(Security is not null, nameof(Security), "set; leave it out for the defaults");
        Security!.Validate($"{name}.{nameof(Security)}");
        Require(OutputSizes is { MaxDimension: > 0, MaxBytes: > 0 }, nameof(OutputSizes), "set, with limits of at least 1; leave it out for the defaults");

        static bool IsTimeout(TimeSpan value) => value > TimeSpan.Zero && value <= LongestTimeout;

        void Require(bool isRight, string option, string expected)
        {
            if (!isRight) throw new ArgumentException($"The option {name}.{option} must be {expected}.", $"{name}.{option}");
        }
    }
}
