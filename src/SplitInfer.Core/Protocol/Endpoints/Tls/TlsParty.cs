using System.Net.Security;
using System.Security.Authentication;

namespace SplitInfer.Protocol.Endpoints.Tls;

/// <summary>What one end brings to a handshake: whom it trusts, and how it shows who it is. Files behind it may be renewed. Thread-safe.</summary>
internal abstract class TlsParty
{
    /// <summary>The only version: older ones have nothing that both ends need.</summary>
    protected const SslProtocols Version = SslProtocols.Tls13;

    /// <summary>Shakes hands.</summary>
    /// <param name="stream">A connection on which nothing was sent.</param>
    /// <param name="host">The host of the server's address.</param>
    /// <exception cref="TlsException">The other end is not trusted, does not trust this one, or does not speak TLS 1.3.</exception>
    public async Task AuthenticateAsync(SslStream stream, string host)
    {
        var verdict = new Verdict();
        try
        {
            await ShakeHandsAsync(stream, host, verdict).ConfigureAwait(false);
        }
        catch (TlsException)
        {
            throw;
        }
        catch (Exception exception) when (verdict.Distrust is { } distrust)
        {
            throw new TlsException(distrust, exception);
        }
        catch (AuthenticationException exception)
        {
            throw new TlsException(Explain(exception), exception);
        }
        catch (Exception exception) when (FrameConnection.IsLoss(exception))
        {
            throw new TlsException($"the connection ended in the TLS handshake ({Innermost(exception).Message.TrimEnd('.')}). {Advice}", exception);
        }
    }

    /// <summary>What to say of a connection that ended after the handshake, before the other end said anything.</summary>
    public abstract string EarlyEnd { get; }

    /// <summary>What to do about a handshake that failed for a reason that this end does not know.</summary>
    protected abstract string Advice { get; }

    /// <summary>Shakes hands; whom it does not trust it says by the verdict.</summary>
    protected abstract Task ShakeHandsAsync(SslStream stream, string host, Verdict verdict);

    private string Explain(AuthenticationException exception) => $"the TLS handshake failed ({Innermost(exception).Message.TrimEnd('.')}). {Advice}";

    private static Exception Innermost(Exception exception)
    {
        while (exception.InnerException is { } inner) exception = inner;
        return exception;
    }

    /// <summary>What this end made of the other's certificate.</summary>
    protected sealed class Verdict
    {
        /// <summary>Why the other end is not trusted; null where it is, or was not asked.</summary>
        public string? Distrust { get; set; }
    }
}
