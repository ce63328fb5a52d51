namespace SplitInfer.Cli.Commands.Serve;

/// <summary>An address at which a server listens.</summary>
internal sealed record ListeningLine(Uri Listening);
