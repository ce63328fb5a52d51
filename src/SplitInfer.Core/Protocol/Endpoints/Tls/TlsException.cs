namespace SplitInfer.Protocol.Endpoints.Tls;

/// <summary>The two ends could not agree on a secure connection, or one does not trust the other; the message says what to do.</summary>
internal sealed class TlsException(string message, Exception? inner = null) : IOException(message, inner);
