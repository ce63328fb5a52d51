using SplitInfer.Cli.Inputs;
using SplitInfer.Client.Transport;

namespace SplitInfer.Cli.Commands;

/// <summary>Shakes hands with servers before a model is planned, which may take long: what is wrong with a key, a certificate or an address is told first.</summary>
internal static class ServerCheck
{
    /// <summary>Shakes hands with a server, for as long as connecting may take.</summary>
    /// <param name="server">Its address.</param>
    /// <param name="transport">How it is reached.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>What it failed with; null where it answers.</returns>
    /// <exception cref="SplitInferException">The address, or a file with certificates, cannot be used.</exception>
    /// <exception cref="UsageException">The file with the key cannot be used.</exception>
    public static async Task<Exception?> FailureOfAsync(Uri server, TransportOptions transport, CancellationToken cancellationToken)
    {
        await using var probe = Open(server, transport);
        try
        {
            await probe.PingAsync(cancellationToken);
            return null;
        }
        catch (SplitInferException failure)
        {
            return failure;
        }
    }

    /// <summary>Shakes hands with a server without which a command has nothing to do.</summary>
    /// <exception cref="SplitInferException">What it failed with.</exception>
    /// <exception cref="UsageException">The file with the key cannot be used.</exception>
    public static async Task RequireAsync(Uri server, TransportOptions transport, CancellationToken cancellationToken)
    {
        await using var probe = Open(server, transport);
        await probe.PingAsync(cancellationToken);
    }

    private static ServerProbe Open(Uri server, TransportOptions transport)
    {
        _ = KeyIn(transport.Security.KeyFile);
        return new(server, transport);
    }

    /// <summary>The key in a file; null where there is no file.</summary>
    /// <exception cref="UsageException">It cannot be used.</exception>
    public static string? KeyIn(string? file)
    {
        if (file is null) return null;
        try
        {
            return File.ReadLines(file).FirstOrDefault()?.Trim() is { Length: > 0 } key ? key : throw new UsageException($"--key-file {file}: there is no key in its first line.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--key-file {file} cannot be read: {error.Message}");
        }
    }
}
