using Grpc.AspNetCore.Server;
using SplitInfer.Server;

namespace SplitInfer.AspNetCore.Grpc;

/// <summary>How gRPC is set up for a server.</summary>
internal static class GrpcSettings
{
    /// <summary>Bytes that a client may send on a connection, and on one call of it, before the server has read them. A round trip then carries as many.</summary>
    public const int ConnectionWindowBytes = SplitInferServerOptions.GrpcWindowBytes, CallWindowBytes = 4 << 20;

    /// <summary>Bytes that a client may send at a time.</summary>
    public const int FrameBytes = 128 << 10;

    /// <summary>Sets the largest messages, and takes none that are compressed: small ones could become large ones.</summary>
    public static void Apply(GrpcServiceOptions options, long maxTensorBytes)
    {
        (options.MaxReceiveMessageSize, options.MaxSendMessageSize) = (GrpcAdmission.MaxMessageBytes(maxTensorBytes), null);
        options.CompressionProviders.Clear();
    }
}
