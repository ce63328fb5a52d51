using SplitInfer.Protocol;
using SplitInfer.Protocol.Endpoints;

namespace SplitInfer.Core.Tests.Protocol;

/// <summary>Connections over streams in memory.</summary>
internal static class Wires
{
    public static readonly TimeSpan StallTimeout = TimeSpan.FromSeconds(30);

    public static FrameConnection Connect(Stream stream, TimeProvider? time = null) =>
        new(new StreamChannel(stream), StallTimeout, time ?? TimeProvider.System);
}
