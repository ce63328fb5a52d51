using SplitInfer.Calibration;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Fuzzing.Files;

/// <summary>The reader of calibrations.</summary>
internal sealed class CalibrationTarget() : FileTarget("calibration.json")
{
    public override string Name => "calibration";

    protected override IReadOnlyList<byte[]> Seeds { get; } =
    [
        Written(static path => CalibrationFile.Save(path, new(WirePlan.Digest(1), WirePlan.Digest(2), 10,
        [
            new() { Partition = 0, Codec = "Raw", Ratio = 1, Agreement = 1, OutputError = 0, EncodeGBs = 10, DecodeGBs = 10, PayloadBytes = 16 },
            new() { Partition = 1, Codec = "Quantized4", Ratio = 8.5, Agreement = null, OutputError = double.PositiveInfinity, EncodeGBs = 1e-3, DecodeGBs = 2, PayloadBytes = 3.5 },
        ])), "calibration.json"),
    ];

    public override bool Documents(Exception error) => error is InvalidCalibrationException;

    protected override string Read(string path)
    {
        var calibration = CalibrationFile.Load(path);
        calibration.RequireFor(WirePlan.Plan);
        return $"{calibration.Entries.Length} entries";
    }
}
