namespace SplitInfer.Cli.Output;

/// <summary>An address at which a server listens.</summary>
internal sealed record ListeningLine(Uri Listening);
