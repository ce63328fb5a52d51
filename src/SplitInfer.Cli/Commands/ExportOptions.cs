using System.CommandLine;
using SplitInfer.Cli.Exporting;
using SplitInfer.Cli.Inputs;

namespace SplitInfer.Cli.Commands;

/// <summary>Options of the commands that export telemetry.</summary>
/// <param name="service">What the service is called unless a variable says otherwise.</param>
/// <param name="defaultRatio">Share of the traces that are exported unless an option or a variable says otherwise.</param>
internal sealed class ExportOptions(string service, double defaultRatio)
{
    /// <summary>Names the collector.</summary>
    public Option<string?> Address { get; } = new("--otlp")
    {
        Description = "Send metrics, traces and the log to a collector by OTLP: http://127.0.0.1:4318 for HTTP with protobuf, grpc://127.0.0.1:4317 for gRPC, https:// and grpcs:// with TLS. The variables OTEL_… of OpenTelemetry hold as well; OTEL_EXPORTER_OTLP_ENDPOINT does without this option.",
        HelpName = "URI",
    };

    /// <summary>The part of the traces that is exported.</summary>
    public Option<double?> Ratio { get; } = MakeRatio(defaultRatio);

    /// <summary>All of them.</summary>
    public IEnumerable<Option> All => [Address, Ratio];

    /// <summary>What is exported, by the options given and the variables of OpenTelemetry; null where nothing is.</summary>
    /// <exception cref="UsageException">The options cannot be used.</exception>
    public OtlpSettings? Of(ParseResult parsed) => Of(parsed.GetValue(Address), parsed.GetValue(Ratio));

    /// <summary>What is exported to an address, as far as one is given; null where nothing is.</summary>
    /// <exception cref="UsageException">They cannot be used.</exception>
    public OtlpSettings? Of(string? address, double? ratio)
    {
        if (address is not null || OtlpSettings.IsInEnvironment)
            return new(service, address is null ? null : OtlpAddress.Parse(address), ratio ?? (OtlpSettings.IsSampledByEnvironment ? null : defaultRatio));
        return ratio is null ? null : throw new UsageException("--trace-ratio needs a collector: name one with --otlp URI, or by OTEL_EXPORTER_OTLP_ENDPOINT.");
    }

    private static Option<double?> MakeRatio(double defaultRatio)
    {
        var option = new Option<double?>("--trace-ratio")
        {
            Description = FormattableString.Invariant($"The part of the traces that begin here and are exported, from 0 to 1; requests that come with a trace follow it. [default: {defaultRatio}, or what OTEL_TRACES_SAMPLER says]"),
            HelpName = "X",
        };
        option.Require<double>(static part => part is >= 0 and <= 1, "takes a number from 0 to 1.");
        return option;
    }
}
