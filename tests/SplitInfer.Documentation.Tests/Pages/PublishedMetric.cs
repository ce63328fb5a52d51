using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using SplitInfer.Client;
using SplitInfer.Client.Telemetry;
using SplitInfer.Server;
using SplitInfer.Server.Telemetry;

namespace SplitInfer.Documentation.Pages;

/// <summary>A metric as the code publishes it.</summary>
/// <param name="Meter">The meter.</param>
/// <param name="Name">The name.</param>
/// <param name="Kind">As the pages call it.</param>
/// <param name="Unit">The unit; empty where there is none.</param>
internal sealed record PublishedMetric(string Meter, string Name, string Kind, string Unit)
{
    private const string RuntimeMeter = "System.Runtime";

    private static readonly (Type Library, string Type)[] Holders =
    [
        (typeof(SplitInferenceClient), "SplitInfer.Client.Telemetry.ClientInstruments"), (typeof(SplitInferenceClient), "SplitInfer.Client.Telemetry.ClientGauges"),
        (typeof(SplitInferServer), "SplitInfer.Server.Telemetry.ServerInstruments"), (typeof(SplitInferServer), "SplitInfer.Server.Telemetry.ServerGauges"),
    ];

    /// <summary>Those of clients, servers and the runtime.</summary>
    public static IReadOnlyList<PublishedMetric> All { get; } = Listen();

    /// <summary>Whether it is one of this product.</summary>
    public bool IsOurs => Meter != RuntimeMeter;

    /// <summary>The names under which Prometheus knows it.</summary>
    public IEnumerable<string> PrometheusNames
    {
        get
        {
            var name = Name.Replace('.', '_');
            var unit = Unit switch { "s" => "_seconds", "By" => "_bytes", "bit/s" => "_bit_per_second", _ => "" };
            if (!name.EndsWith(unit, StringComparison.Ordinal)) name += unit;
            return Kind switch { "counter" => [$"{name}_total"], "histogram" => [$"{name}_bucket", $"{name}_sum", $"{name}_count"], _ => [name] };
        }
    }

    private static List<PublishedMetric> Listen()
    {
        // Instruments are there once whoever holds them is.
        foreach (var (library, type) in Holders) RuntimeHelpers.RunClassConstructor(library.Assembly.GetType(type, throwOnError: true)!.TypeHandle);
        var found = new List<PublishedMetric>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name is not (SplitInferClientTelemetry.MeterName or SplitInferServerTelemetry.MeterName or RuntimeMeter)) return;
                found.Add(new(instrument.Meter.Name, instrument.Name, KindOf(instrument), instrument.Unit ?? ""));
            },
        };
        listener.Start();
        return found;
    }

    private static string KindOf(Instrument instrument)
    {
        var type = instrument.GetType().Name;
        return type.StartsWith("Histogram", StringComparison.Ordinal) ? "histogram" : type.Contains("Counter", StringComparison.Ordinal) && !type.Contains("UpDown", StringComparison.Ordinal) ? "counter" : "gauge";
    }
}
