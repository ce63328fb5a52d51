using SplitInfer.Tensors;

namespace SplitInfer.Client.Transport;

/// <summary>How a client reaches its server.</summary>
public sealed class TransportOptions
{
    // The longest that a timer takes.
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromMilliseconds(int.MaxValue);

    /// <summary>How long connecting may take, and how long the server may take to open a model. 10 seconds unless set.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the server may stop in the middle of a message, or not take what it is sent, before the connection counts as lost. 30 seconds unless set.</summary>
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a server that owes a reply may make no progress before it is given up: all requests of the connection then fail, and may be
    /// finished on the device. After a quarter of it the server is pinged, so a tail may take longer. 10 seconds unless set.
    /// </summary>
    public TimeSpan NoProgressTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Sizes of the outputs that are accepted from the server.</summary>
    public SizeLimits OutputSizes { get; set; } = SizeLimits.Default;

    /// <summary>Checks every option.</summary>
    /// <param name="name">What the options are called where they are set.</param>
    /// <exception cref="ArgumentException">One cannot be used; the message names it.</exception>
    internal void Validate(string name)
    {
        Require(IsTimeout(ConnectTimeout), nameof(ConnectTimeout), $"more than 0, and at most {LongestTimeout.TotalDays:0} days; it is {ConnectTimeout}");
        Require(IsTimeout(StallTimeout), nameof(StallTimeout), $"more than 0, and at most {LongestTimeout.TotalDays:0} days; it is {StallTimeout}");
        Require(IsTimeout(NoProgressTimeout), nameof(NoProgressTimeout), $"more than 0, and at most {LongestTimeout.TotalDays:0} days; it is {NoProgressTimeout}");
        Require(OutputSizes is { MaxDimension: > 0, MaxBytes: > 0 }, nameof(OutputSizes), "set, with limits of at least 1; leave it out for the defaults");

        static bool IsTimeout(TimeSpan value) => value > TimeSpan.Zero && value <= LongestTimeout;

        void Require(bool isRight, string option, string expected)
        {
            if (!isRight) throw new ArgumentException($"The option {name}.{option} must be {expected}.", $"{name}.{option}");
        }
    }
}
