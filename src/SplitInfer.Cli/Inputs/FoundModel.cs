namespace SplitInfer.Cli.Inputs;

/// <summary>A model to work on.</summary>
/// <param name="Path">The file, as it was named or below the folder that was.</param>
/// <param name="Inputs">Folder of inputs and outputs for it; null where there is none.</param>
/// <param name="IsNamed">Whether the command line named the file itself, rather than a folder above it.</param>
internal sealed record FoundModel(string Path, string? Inputs, bool IsNamed);
