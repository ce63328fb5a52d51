using SplitInfer.Tensors;

namespace SplitInfer.Client.Transport;

/// <summary>How a client reaches its server.</summary>
public sealed class TransportOptions
{
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
}
