namespace SplitInfer.Cli.Inputs;

/// <summary>What was typed makes no sense in a way that only shows once files were read; the message says what to type instead.</summary>
internal sealed class UsageException(string message) : Exception(message);
