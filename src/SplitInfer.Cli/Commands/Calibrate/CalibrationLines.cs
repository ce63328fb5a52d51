using System.Text.Json.Serialization;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Calibration;

namespace SplitInfer.Cli.Commands.Calibrate;

/// <summary>What one codec does at one partition.</summary>
internal sealed record CalibrationLine(
    int Partition, IReadOnlyList<string> Boundary, string Codec, double Ratio, double? Agreement, double OutputError, double EncodeGBs, double DecodeGBs,
    double PayloadBytes, int Samples)
{
    /// <summary>The smallest agreement on all inputs that there could be, with 95 % confidence; where the model is a classifier.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? AgreementLow { get; init; }

    /// <summary>The largest, likewise.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? AgreementHigh { get; init; }

    /// <summary>Part of the samples that get the right class, where it is known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Accuracy { get; init; }

    /// <summary>The same without a codec.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? PlainAccuracy { get; init; }

    public static CalibrationLine Of(Partition partition, CalibratedCodec result, int samples)
    {
        var entry = result.Entry;
        var interval = entry.Agreement is { } agreement ? WilsonInterval.Of(agreement, samples) : (WilsonInterval?)null;
        return new(
            partition.Index, [.. partition.Boundary.Select(static value => value.Name)], entry.Codec, entry.Ratio, entry.Agreement, entry.OutputError,
            entry.EncodeGBs, entry.DecodeGBs, entry.PayloadBytes, samples)
        {
            AgreementLow = interval?.Low,
            AgreementHigh = interval?.High,
            Accuracy = result.Accuracy,
            PlainAccuracy = result.PlainAccuracy,
        };
    }
}
