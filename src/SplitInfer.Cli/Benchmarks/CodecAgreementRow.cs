namespace SplitInfer.Cli.Benchmarks;

/// <summary>What a codec does to the outputs of a model that is cut at one partition, over many inputs.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Boundary">Names of the values that cross.</param>
/// <param name="Codec">Name of the codec.</param>
/// <param name="Ratio">Bytes of all boundaries over bytes of all payloads.</param>
/// <param name="Agreement">Part of the inputs for which the largest element of the first output stays the same.</param>
/// <param name="OutputError">Root of the squared difference of the outputs over their squares, of all inputs together.</param>
/// <param name="EncodeGBs">10^9 bytes of boundaries encoded in a second on one thread.</param>
/// <param name="DecodeGBs">10^9 bytes of boundaries decoded in a second on one thread.</param>
internal sealed record CodecAgreementRow(
    int Partition, IReadOnlyList<string> Boundary, string Codec, double Ratio, double Agreement, double OutputError, double EncodeGBs, double DecodeGBs);
