namespace SplitInfer.Cli.Commands.Verify;

/// <summary>What a worker is told to verify: a line on its standard input.</summary>
/// <param name="Model">The file.</param>
/// <param name="Inputs">Folder of inputs and known outputs; null where they are made up.</param>
/// <param name="Lanes">How many cuts at a time.</param>
/// <param name="IsOnly">Whether there are no other models, so that an option that does not fit is a mistake.</param>
internal sealed record VerifyJob(string Model, string? Inputs, int Lanes, bool IsOnly);
