using SplitInfer.Cli.Inputs;

namespace SplitInfer.Cli.Commands;

/// <summary>Reads addresses of servers.</summary>
internal static class Addresses
{
    public static Uri Parse(string text, string option) => Uri.TryCreate(text, UriKind.Absolute, out var uri)
        ? uri
        : throw new UsageException($"{option} {text} is no address; give one such as tcp://127.0.0.1:7070, wss://server/infer or unix:///run/splitinfer.sock.");
}
