namespace SplitInfer.Cli.Benchmarks;

/// <summary>What requests with a deadline came to under one policy.</summary>
/// <param name="Policy">Who chose.</param>
/// <param name="DeadlineMs">The deadline, ms.</param>
/// <param name="Requests">How many requests there were.</param>
/// <param name="Late">Answers that came more than 5 ms after the deadline.</param>
/// <param name="LatestMs">How long after the deadline the latest answer came, ms; negative where all were in time, null where there was none.</param>
/// <param name="Missed">Requests without an answer.</param>
/// <param name="ServerShare">Part of the requests that a server answered, in part or alone.</param>
/// <param name="DuplicateShare">Part of the requests for which the device ran beside a server.</param>
/// <param name="Accuracy">Mean expected accuracy, where a request without an answer counts as 0.</param>
/// <param name="DeviceVariant">The most accurate variant that the device alone runs in time; null where there is none.</param>
/// <param name="DeviceAccuracy">Its expected accuracy.</param>
/// <param name="AsGoodShare">Part of the requests with an answer at least as accurate as that.</param>
internal sealed record DeadlineRow(
    string Policy, double DeadlineMs, int Requests, int Late, double? LatestMs, int Missed, double ServerShare, double DuplicateShare, double Accuracy, string? DeviceVariant, double DeviceAccuracy, double AsGoodShare);

/// <summary>What a variant takes on the device alone.</summary>
/// <param name="Variant">The variant.</param>
/// <param name="Accuracy">Its expected accuracy.</param>
/// <param name="DeviceMs">Median of some runs, ms.</param>
internal sealed record DeviceVariantRow(string Variant, double Accuracy, double DeviceMs);
