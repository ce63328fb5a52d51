namespace SplitInfer.Cli.Benchmarks;

/// <summary>One line of <c>bench transport</c>.</summary>
/// <param name="Scheme">What carried the bytes: <c>tcp</c> or <c>unix</c>, both on this machine.</param>
/// <param name="Bytes">Bytes of the boundary; the reply has <see cref="TransportBenchmark.ReplyBytes"/>.</param>
/// <param name="OursUs">Median round trip over the protocol, microseconds.</param>
/// <param name="BareUs">Median round trip over bare sockets with the same bytes, microseconds.</param>
/// <param name="Ratio">The one over the other.</param>
internal sealed record TransportRow(string Scheme, int Bytes, double OursUs, double BareUs, double Ratio);
