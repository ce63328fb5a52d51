using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using SplitInfer.Execution;
using SplitInfer.Protocol;

namespace SplitInfer.Server.Connections;

/// <summary>
/// What the server writes of connections. Whatever a client can cause as often as it likes is limited for each kind of message: to ten at once and then one
/// a second for all machines together, and beyond that to a few for each machine, so that a noisy one does not hide the others. Those that were left out
/// are counted. Text that a client chose cannot forge lines. Thread-safe.
/// </summary>
internal sealed partial class ServerLog(ILogger logger, TimeProvider time) : IDisposable
{
    private readonly LogGate _tailFailed = new(time);
    private readonly LogGate _tailRefused = new(time);
    private readonly LogGate _requestInvalid = new(time);
    private readonly LogGate _connectionRefused = new(time);
    private readonly LogGate _modelRefused = new(time);
    private readonly LogGate _protocolBroken = new(time);
    private readonly LogGate _connectionLost = new(time);
    private readonly LogGate _connectionFailed = new(time);
    private readonly LogGate _idleClosed = new(time);
    private readonly LogGate _handshakeFailed = new(time);
    private readonly RefusalTally _refused = new(time, (counts, elapsed) => LogOverloaded(logger, Math.Ceiling(elapsed.TotalSeconds), counts.Full, counts.Late, counts.Key, counts.Memory));

    public void Listening(Uri address) => LogListening(logger, address);

    public void ConnectionsLowered(int connections, int asked, long handles) => LogConnectionsLowered(logger, connections, asked, handles);

    public void TailFailed(string client, int partition, Exception exception)
    {
        // What the engine refuses is mostly what a client has sent: nothing that needs a stack, or somebody at once.
        if (exception is EngineException refused)
        {
            if (!Passes(_tailRefused, client, LogLevel.Warning, "TailRefused")) return;
            LogTailRefused(logger, partition, client, PeerText.Clean(refused.Message));
            LogTailRefusedAt(logger, partition, client, refused);
        }
        else if (Passes(_tailFailed, client, LogLevel.Error))
        {
            LogTailFailed(logger, partition, client, exception);
        }
    }

    public void RequestInvalid(string client, string model, string reason)
    {
        if (Passes(_requestInvalid, client, LogLevel.Information)) LogRequestInvalid(logger, client, PeerText.Clean(model), PeerText.Clean(reason));
    }

    public void ConnectionRefused(string client, string reason)
    {
        if (Passes(_connectionRefused, client, LogLevel.Information)) LogConnectionRefused(logger, client, PeerText.Clean(reason));
    }

    public void ModelRefused(string client, string reason)
    {
        if (Passes(_modelRefused, client, LogLevel.Information)) LogModelRefused(logger, client, PeerText.Clean(reason));
    }

    public void ProtocolBroken(string client, ProtocolException exception)
    {
        if (Passes(_protocolBroken, client, LogLevel.Warning)) LogProtocolBroken(logger, client, PeerText.Clean(exception.Message));
    }

    public void ConnectionLost(string client, Exception exception)
    {
        if (Passes(_connectionLost, client, LogLevel.Debug)) LogConnectionLost(logger, client, PeerText.Clean(exception.Message));
    }

    public void ConnectionFailed(string client, Exception exception)
    {
        if (Passes(_connectionFailed, client, LogLevel.Error)) LogConnectionFailed(logger, client, exception);
    }

    public void IdleClosed(string client, double seconds)
    {
        if (Passes(_idleClosed, client, LogLevel.Information)) LogIdleClosed(logger, client, seconds);
    }

    public void HandshakeFailed(string client, string reason)
    {
        if (Passes(_handshakeFailed, client, LogLevel.Information)) LogHandshakeFailed(logger, client, PeerText.Clean(reason));
    }

    /// <summary>A request was refused. Those for want of room or time are counted, and told of once a minute.</summary>
    public void RequestRefused(in Scheduling.Refusal refusal) => _refused.Add(refusal.Want);

    /// <summary>Tells of requests that were refused and not told of yet.</summary>
    public void Dispose() => _refused.Dispose();

    // The owner of the machine causes these, not a client.
    public void RenewalFailed(string reason) => LogRenewalFailed(logger, reason);

    public void CertificateRenewed(string file, DateTime until) => LogCertificateRenewed(logger, file, until);

    public void AuthoritiesRenewed(string file, int count) => LogAuthoritiesRenewed(logger, file, count);

    public void KeysRenewed(string file, int count) => LogKeysRenewed(logger, file, count);

    public void CertificateOutOfTime(string file, DateTime from, DateTime until) => LogCertificateOutOfTime(logger, file, from, until);

    public void Insecure(Uri address, string fault) => LogInsecure(logger, address, fault);

    public void KeyRemoved(string client) => LogKeyRemoved(logger, client);

    private bool Passes(LogGate gate, string client, LogLevel level, [CallerMemberName] string kind = "")
    {
        if (!logger.IsEnabled(level) || !gate.TryPass(MachineOf(client), out var leftOut)) return false;
        if (leftOut > 0) LogLeftOut(logger, level, leftOut, kind);
        return true;
    }

    /// <summary>The name of a client up to its port, which changes with each connection.</summary>
    private static ReadOnlySpan<char> MachineOf(string client) => client.LastIndexOf(':') is > 0 and var port ? client.AsSpan(0, port) : client;

    [LoggerMessage(1, LogLevel.Information, "Listening at {Address}", EventName = nameof(Listening))]
    private static partial void LogListening(ILogger log, Uri address);

    [LoggerMessage(2, LogLevel.Error, "The tail of partition {Partition} failed for {Client}", EventName = nameof(TailFailed))]
    private static partial void LogTailFailed(ILogger log, int partition, string client, Exception exception);

    [LoggerMessage(20, LogLevel.Warning, "The tail of partition {Partition} did not run on what {Client} sent: {Reason}", EventName = "TailRefused")]
    private static partial void LogTailRefused(ILogger log, int partition, string client, string reason);

    [LoggerMessage(21, LogLevel.Debug, "The tail of partition {Partition} did not run on what {Client} sent", EventName = "TailRefusedAt")]
    private static partial void LogTailRefusedAt(ILogger log, int partition, string client, Exception exception);

    [LoggerMessage(22, LogLevel.Information, "A request of {Client} is none that {Model} takes: {Reason}", EventName = nameof(RequestInvalid))]
    private static partial void LogRequestInvalid(ILogger log, string client, string model, string reason);

    [LoggerMessage(3, LogLevel.Information, "A connection of {Client} was refused: {Reason}", EventName = nameof(ConnectionRefused))]
    private static partial void LogConnectionRefused(ILogger log, string client, string reason);

    [LoggerMessage(4, LogLevel.Information, "A model was not opened for {Client}: {Reason}", EventName = nameof(ModelRefused))]
    private static partial void LogModelRefused(ILogger log, string client, string reason);

    [LoggerMessage(5, LogLevel.Warning, "The connection of {Client} was closed because it broke the protocol: {Reason}", EventName = nameof(ProtocolBroken))]
    private static partial void LogProtocolBroken(ILogger log, string client, string reason);

    [LoggerMessage(6, LogLevel.Debug, "The connection of {Client} was lost: {Reason}", EventName = nameof(ConnectionLost))]
    private static partial void LogConnectionLost(ILogger log, string client, string reason);

    [LoggerMessage(7, LogLevel.Error, "The connection of {Client} failed", EventName = nameof(ConnectionFailed))]
    private static partial void LogConnectionFailed(ILogger log, string client, Exception exception);

    [LoggerMessage(8, LogLevel.Information, "The connection of {Client}, idle for {Seconds:F0} s, was closed to make room for another", EventName = nameof(IdleClosed))]
    private static partial void LogIdleClosed(ILogger log, string client, double seconds);

    [LoggerMessage(9, LogLevel.Warning, "Only {Connections} connections of {Asked} are possible, since the process may open {Handles} files. Raise that limit (ulimit -n, LimitNOFILE) or lower MaxConnections.", EventName = nameof(ConnectionsLowered))]
    private static partial void LogConnectionsLowered(ILogger log, int connections, int asked, long handles);

    [LoggerMessage(11, LogLevel.Information, "No secure connection with {Client}: {Reason}", EventName = nameof(HandshakeFailed))]
    private static partial void LogHandshakeFailed(ILogger log, string client, string reason);

    [LoggerMessage(12, LogLevel.Error, "{Reason} What was read before is used meanwhile.", EventName = nameof(RenewalFailed))]
    private static partial void LogRenewalFailed(ILogger log, string reason);

    [LoggerMessage(13, LogLevel.Warning, "{Address} can be reached by other machines {Fault}, as AllowInsecure allows. Whoever reaches it can use it; others on the network can read what is not encrypted.", EventName = nameof(Insecure))]
    private static partial void LogInsecure(ILogger log, Uri address, string fault);

    [LoggerMessage(14, LogLevel.Information, "The connection of {Client} is closed, because its key was removed", EventName = nameof(KeyRemoved))]
    private static partial void LogKeyRemoved(ILogger log, string client);

    [LoggerMessage(15, LogLevel.Warning, "In {Seconds} s, {Full} requests were refused because too many were waiting, {Late} because their deadline could not be kept, {Key} over the limits of their key and {Memory} for want of memory for them. Clients were told when to come back, and go on with their devices or other servers.", EventName = "Overloaded")]
    private static partial void LogOverloaded(ILogger log, double seconds, long full, long late, long key, long memory);

    [LoggerMessage(16, LogLevel.Information, "The certificate in {File} was renewed: new connections are shown the one that is valid until {Until:u}", EventName = nameof(CertificateRenewed))]
    private static partial void LogCertificateRenewed(ILogger log, string file, DateTime until);

    [LoggerMessage(17, LogLevel.Warning, "The certificate in {File} is shown to clients, who refuse it: it is valid from {From:u} to {Until:u}. Put a valid one in its place, which is taken up by itself, or set the clock.", EventName = nameof(CertificateOutOfTime))]
    private static partial void LogCertificateOutOfTime(ILogger log, string file, DateTime from, DateTime until);

    [LoggerMessage(18, LogLevel.Information, "The authorities in {File} were renewed: there are {Count}", EventName = nameof(AuthoritiesRenewed))]
    private static partial void LogAuthoritiesRenewed(ILogger log, string file, int count);

    [LoggerMessage(19, LogLevel.Information, "The keys in {File} were renewed: there are {Count}", EventName = nameof(KeysRenewed))]
    private static partial void LogKeysRenewed(ILogger log, string file, int count);

    [LoggerMessage(EventId = 10, Message = "{Count} more messages of the kind {Kind} were left out", EventName = "LeftOut")]
    private static partial void LogLeftOut(ILogger log, LogLevel level, long count, string kind);
}
