using SplitInfer.Protocol.Endpoints;
using SplitInfer.Protocol.Endpoints.Tls;

namespace SplitInfer.Client.Transport;

/// <summary>How a server is reached safely, as <see cref="ClientSecurityOptions"/> state it. Two that are equal reach it in the same way. Immutable.</summary>
internal sealed record ServerAccess(
    string? CaFile, string? ServerName, string? CertificateFile, string? CertificateKeyFile, string? Key, string? KeyFile, Func<CancellationToken, ValueTask<string>>? KeySource, bool AllowInsecure)
{
    private bool HasKey => Key is not null || KeyFile is not null || KeySource is not null;

    /// <summary>Where the server listens.</summary>
    /// <exception cref="EndpointException">The address cannot be used, or the key would travel to it unencrypted.</exception>
    /// <exception cref="SecurityFileException">A file with certificates cannot be used.</exception>
    public Endpoint EndpointAt(Uri address)
    {
        // What is wrong with a file is told here; what is wrong with a renewed one, by servers that do not accept what was read before.
        var identity = CertificateFile is { } certificate ? CertificateFiles.Identity(certificate, CertificateKeyFile!, static _ => { }) : null;
        var endpoint = Endpoint.Parse(address, new TlsClient(CaFile is { } authorities ? CertificateFiles.Authorities(authorities, static _ => { }) : null, ServerName, identity));
        if (HasKey && !endpoint.IsEncrypted && !endpoint.IsLocal && !AllowInsecure)
            throw new EndpointException($"The key would travel to {endpoint} unencrypted. Use tls:// or wss://, or set {nameof(ClientSecurityOptions.AllowInsecure)} where the network itself is trusted.");
        return endpoint;
    }

    /// <summary>The key for a new connection; empty where there is none.</summary>
    /// <param name="question">The question of the link that connects.</param>
    /// <param name="cancellationToken">Ends the wait, and the question where its source heeds that.</param>
    /// <exception cref="ServerUnreachableException">It is not to be had now; the server cannot be used without it.</exception>
    public async ValueTask<string> KeyAsync(KeyQuestion question, CancellationToken cancellationToken)
    {
        if (Key is not null || !HasKey) return Key ?? "";
        try
        {
            // Neither an application's code nor a file of a network need look at the token, nor give the thread back.
            var asked = question.Ask(() => Task.Run(() => KeySource is not null ? KeySource(cancellationToken).AsTask() : ReadKeyAsync(KeyFile!, cancellationToken), cancellationToken));
            var key = await asked.WaitAsync(cancellationToken).ConfigureAwait(false);
            if (key?.Trim() is { Length: > 0 } found) return found;
        }
        catch (OperationCanceledException canceled) when (cancellationToken.IsCancellationRequested)
        {
            throw new ServerUnreachableException($"The key for the server was not there in time: {(KeyFile is null ? $"the {nameof(ClientSecurityOptions.KeySource)} did not answer" : $"{KeyFile} could not be read")}. {Expected}", canceled);
        }
#pragma warning disable CA1031 // Whatever a source of keys fails with, there is no key.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            throw new ServerUnreachableException($"The key for the server cannot be had: {exception.Message.TrimEnd('.')}. {Expected}", exception);
        }

        throw new ServerUnreachableException($"There is no key for the server. {Expected}");
    }

    private string Expected => KeyFile is null ? $"Look at what {nameof(ClientSecurityOptions.KeySource)} does; it is asked again." : $"{KeyFile} must have the key in its first line, and this account must be able to read it; it is read again.";

    private static async Task<string> ReadKeyAsync(string path, CancellationToken cancellationToken)
    {
        using var file = File.OpenText(path);
        return await file.ReadLineAsync(cancellationToken).ConfigureAwait(false) ?? "";
    }

    /// <summary>Says nothing of the key.</summary>
    public override string ToString() => nameof(ServerAccess);
}
