using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using SplitInfer.Codecs;
using SplitInfer.Protocol.Endpoints.Tls;
using SplitInfer.Server.Access;
using SplitInfer.Server.Monitoring;
using SplitInfer.Server.Connections;
using SplitInfer.Server.Models;
using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server;

/// <summary>Puts a server together, and gives each part what it needs of the options.</summary>
internal static class ServerComposition
{
    /// <summary>A server of the models in a registry, which stays the caller's. It does not listen yet.</summary>
    /// <exception cref="Protocol.Endpoints.SecurityFileException">A file with a certificate or keys cannot be used.</exception>
    public static FrameServer CreateFrameServer(IModelRegistry models, CodecRegistry codecs, ServerLimits limits, TimeProvider time, ILogger logger, ServerSecurityOptions? security = null, int webSocketListeners = 0, RunHealth? health = null, RequestFeed? feed = null, int maxBatch = 1, TimeSpan batchWithin = default)
    {
        security ??= new();
        var log = new ServerLog(logger, time);
        var scheduler = new FairScheduler(new TailRunner(time, limits.MaxRunTime, health), limits.MaxConcurrentRuns, limits.MaxQueuedRuns, time, maxBatch, batchWithin);
        var connectionLimits = new ConnectionLimits(
            PossibleConnections(limits.MaxConnections, webSocketListeners, log), limits.MaxConnectionsPerMachine, limits.MaxInFlightPerConnection, limits.MaxOpenModelsPerConnection,
            limits.MaxHeldBytesPerConnection, limits.MaxHeldBytesPerMachine, limits.Sizes, limits.HandshakeTimeout, limits.StallTimeout);
        var tls = CreateTls(security, log, time);
        var keys = security.KeysFile is { } file ? new KeyRing(file, new(limits.MaxConnectionsPerKey, limits.MaxInFlightPerKey, limits.MaxRequestsPerSecondPerKey), time, log.RenewalFailed, count => log.KeysRenewed(file, count)) : null;
        return new(new(models, codecs, scheduler, new(connectionLimits, new(limits.MaxHeldBytes), time), connectionLimits, time, keys, log, new(time), feed ?? new()), tls, security.FaultOf, security.FaultOfForwarded);
    }

    private static TlsServer? CreateTls(ServerSecurityOptions security, ServerLog log, TimeProvider time)
    {
        if (security is not { CertificateFile: { } certificate, CertificateKeyFile: { } key }) return null;
        var identity = CertificateFiles.Identity(certificate, key, log.RenewalFailed, Renewed);
        WarnOf(identity.Current.TargetCertificate);
        return new(identity, security.ClientCaFile is { } path ? CertificateFiles.Authorities(path, log.RenewalFailed, authorities => log.AuthoritiesRenewed(path, authorities.Count)) : null);

        void Renewed(X509Certificate2 shown)
        {
            log.CertificateRenewed(certificate, shown.NotAfter.ToUniversalTime());
            WarnOf(shown);
        }

        void WarnOf(X509Certificate2 shown)
        {
            var (now, from, until) = (time.GetUtcNow().UtcDateTime, shown.NotBefore.ToUniversalTime(), shown.NotAfter.ToUniversalTime());
            if (now < from || now > until) log.CertificateOutOfTime(certificate, from, until);
        }
    }

    private static int PossibleConnections(int asked, int webSocketListeners, ServerLog log)
    {
        if (HandleLimit.Read() is not { } handles || HandleLimit.ConnectionsFor(handles, webSocketListeners) is var possible && possible >= asked) return asked;
        log.ConnectionsLowered(possible, asked, handles);
        return possible;
    }
}
