using System.Text.Json.Serialization;

namespace SplitInfer.Cli.Commands.Verify;

/// <summary>How jobs and events become JSON, without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(VerifyJob))]
[JsonSerializable(typeof(VerifyEvent))]
internal sealed partial class VerifyContext : JsonSerializerContext;
