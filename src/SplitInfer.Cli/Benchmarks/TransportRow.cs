namespace SplitInfer.Cli.Benchmarks;

/// <summary>One line of <c>bench transport</c>.</summary>
/// <param name="Scheme">What carried the bytes, on this machine.</param>
/// <param name="Bytes">Bytes of the boundary; the reply has <see cref="TransportBenchmark.ReplyBytes"/>.</param>
/// <param name="OursUs">Median round trip over the protocol, microseconds.</param>
/// <param name="BareUs">Median round trip with the same bytes over bare sockets, or over bare TLS streams for the schemes that encrypt, microseconds.</param>
/// <param name="Ratio">The one over the other.</param>
/// <param name="AllocatedBytes">Managed memory that a request allocates at both ends together, its tensors and reply included.</param>
internal sealed record TransportRow(string Scheme, int Bytes, double OursUs, double BareUs, double Ratio, long AllocatedBytes);
