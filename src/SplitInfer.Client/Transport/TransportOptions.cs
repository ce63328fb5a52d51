using SplitInfer.Tensors;

namespace SplitInfer.Client.Transport;

/// <summary>How a client reaches its server.</summary>
public sealed class TransportOptions
{
    /// <summary>How long connecting may take, with the handshake, in which the server may have to read the model. 10 seconds unless set.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the server may stop in the middle of a message, or not take what it is sent, before the connection counts as lost. 30 seconds unless set.</summary>
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Sizes of the outputs that are accepted from the server.</summary>
    public SizeLimits OutputSizes { get; set; } = SizeLimits.Default;
}
