namespace SplitInfer.Cli.Benchmarks;

/// <summary>One line of <c>bench telemetry</c>.</summary>
/// <param name="Path">Where the model ran: <c>device</c>, which is the client alone, or <c>server</c>, which is client and server over a loopback connection.</param>
/// <param name="Listening">Who listened: <c>nobody</c>, <c>metrics</c>, <c>traces1</c> or <c>traces100</c>, the percentage of the requests that are traced.</param>
/// <param name="NsPerRequest">Median time of a request, in nanoseconds.</param>
/// <param name="AddedNs">Median of what a request took longer than in the same round with nobody listening, in nanoseconds.</param>
/// <param name="AllocatedBytes">Managed memory that a request allocates in the whole process, in bytes.</param>
/// <param name="AddedBytes">What of it is due to who listened, in bytes.</param>
internal sealed record TelemetryRow(string Path, string Listening, double NsPerRequest, double AddedNs, double AllocatedBytes, double AddedBytes);
