using System.Text.Json.Serialization;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Benchmarks.Servers;
using SplitInfer.Cli.Commands.Calibrate;
using SplitInfer.Cli.Commands.Coordinate;
using SplitInfer.Cli.Commands.Evaluate;
using SplitInfer.Cli.Commands.Exits;
using SplitInfer.Cli.Commands.Inspect;
using SplitInfer.Cli.Commands.Ping;
using SplitInfer.Cli.Commands.Run;
using SplitInfer.Cli.Commands.Serve;
using SplitInfer.Cli.Commands.Simulate;
using SplitInfer.Cli.Commands.Split;
using SplitInfer.Cli.Commands.Streams;
using SplitInfer.Cli.Commands.Tailor;
using SplitInfer.Cli.Commands.Try;
using SplitInfer.Cli.Commands.Verify;

namespace SplitInfer.Cli.Commands;

/// <summary>How lines become JSON, without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(PartitionLine))]
[JsonSerializable(typeof(PlanLine))]
[JsonSerializable(typeof(VerdictLine))]
[JsonSerializable(typeof(VerifiedLine))]
[JsonSerializable(typeof(VerifySummaryLine))]
[JsonSerializable(typeof(FrameLine))]
[JsonSerializable(typeof(MissedFrameLine))]
[JsonSerializable(typeof(RunSummaryLine))]
[JsonSerializable(typeof(StreamFrameLine))]
[JsonSerializable(typeof(StreamSummaryLine))]
[JsonSerializable(typeof(ServedStreamRow))]
[JsonSerializable(typeof(PingLine))]
[JsonSerializable(typeof(BatchRow))]
[JsonSerializable(typeof(BatchSummary))]
[JsonSerializable(typeof(OverheadRow))]
[JsonSerializable(typeof(OverheadSummary))]
[JsonSerializable(typeof(SimulatedFrameLine))]
[JsonSerializable(typeof(SimulationLine))]
[JsonSerializable(typeof(ExperienceRow))]
[JsonSerializable(typeof(CrowdRow))]
[JsonSerializable(typeof(StreamRow))]
[JsonSerializable(typeof(StreamSummary))]
[JsonSerializable(typeof(StreamDecisionRow))]
[JsonSerializable(typeof(QualityRow))]
[JsonSerializable(typeof(ServedQualityRow))]
[JsonSerializable(typeof(QualityWorldRow))]
[JsonSerializable(typeof(FamilyRow))]
[JsonSerializable(typeof(FamilySummary))]
[JsonSerializable(typeof(JointRow))]
[JsonSerializable(typeof(JointSummary))]
[JsonSerializable(typeof(ServedJointRow))]
[JsonSerializable(typeof(ServedJointSummary))]
[JsonSerializable(typeof(JointDeadlineRow))]
[JsonSerializable(typeof(JointDeadlineSummary))]
[JsonSerializable(typeof(FamilyCellLine))]
[JsonSerializable(typeof(FamilySummaryLine))]
[JsonSerializable(typeof(PolicyRow))]
[JsonSerializable(typeof(DecisionRow))]
[JsonSerializable(typeof(ListeningLine))]
[JsonSerializable(typeof(CoordinatorLine))]
[JsonSerializable(typeof(CoordinatorRow))]
[JsonSerializable(typeof(ConfigurationLine))]
[JsonSerializable(typeof(PlanRow))]
[JsonSerializable(typeof(TransportRow))]
[JsonSerializable(typeof(TelemetryRow))]
[JsonSerializable(typeof(LoadRow))]
[JsonSerializable(typeof(ServerRow))]
[JsonSerializable(typeof(SwapRow))]
[JsonSerializable(typeof(DeadlineRow))]
[JsonSerializable(typeof(DeviceVariantRow))]
[JsonSerializable(typeof(AnytimeDeviceRow))]
[JsonSerializable(typeof(AnytimeRow))]
[JsonSerializable(typeof(LoadSummaryRow))]
[JsonSerializable(typeof(CodecRow))]
[JsonSerializable(typeof(CalibrationLine))]
[JsonSerializable(typeof(EvaluationLine))]
[JsonSerializable(typeof(FamilyLine))]
[JsonSerializable(typeof(RefusedTargetLine))]
[JsonSerializable(typeof(StatisticsLine))]
[JsonSerializable(typeof(ExitLine))]
[JsonSerializable(typeof(ExitsLine))]
[JsonSerializable(typeof(ExitsTestLine))]
[JsonSerializable(typeof(SplitNote))]
[JsonSerializable(typeof(ContenderLine))]
[JsonSerializable(typeof(TrialLine))]
internal sealed partial class LineContext : JsonSerializerContext;
