using System.Text.Json.Serialization;

namespace SplitInfer.Cli.Output;

/// <summary>How lines become JSON, without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(PartitionLine))]
[JsonSerializable(typeof(PlanLine))]
internal sealed partial class LineContext : JsonSerializerContext;
