using SplitInfer.Protocol;
using SplitInfer.Protocol.Endpoints;

namespace SplitInfer.Server.Monitoring;

/// <summary>What one connection has done so far. Thread-safe.</summary>
/// <param name="number">The connection.</param>
/// <param name="peer">Where it comes from.</param>
/// <param name="time">The clock.</param>
internal sealed class ClientTally(long number, PeerAddress peer, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly DateTimeOffset _connectedAt = time.GetUtcNow();
    private string? _key;
    private string _software = "";
    private DateTimeOffset? _lastAt;
    private long _answered, _byExit, _refused, _withdrawn, _bytes;
    private RequestActivity? _last;
    private ClientReport? _report;
    private (long Finished, long Forced, long Raced, long WonByDevice, long OnDevice) _told;

    /// <summary>The connection.</summary>
    public long Number => number;

    /// <summary>Who the client says that it is.</summary>
    /// <param name="key">Name of its key.</param>
    /// <param name="software">Its software, fit to be shown.</param>
    public void Introduce(string? key, string software)
    {
        lock (_gate) (_key, _software) = (key, software);
    }

    /// <summary>A request has ended.</summary>
    public void Add(in RequestActivity request)
    {
        lock (_gate)
        {
            _lastAt = time.GetUtcNow();
            if (request.Refusal is null)
            {
                _answered++;
                if (request.Exit > 0) _byExit++;
                _bytes += request.BytesReceived;
                _last = request with { Report = null };
            }
            else if (request.Refusal == RefusalCode.Cancelled) _withdrawn++;
            else _refused++;

            if (request.Report is not { } report) return;
            _report = report with { Last = report.Last ?? _report?.Last };
            _told = (_told.Finished + report.Finished, _told.Forced + report.Forced, _told.Raced + report.Raced, _told.WonByDevice + report.WonByDevice, _told.OnDevice + report.OnDevice);
        }
    }

    /// <summary>The client as it is now.</summary>
    /// <param name="inFlight">Requests that have begun and not ended.</param>
    public ClientStatus Look(int inFlight)
    {
        lock (_gate)
        {
            return new()
            {
                Number = number,
                Address = peer.Name,
                Key = _key,
                Software = _software,
                ConnectedAt = _connectedAt,
                LastRequestAt = _lastAt,
                Answered = _answered,
                ByExit = _byExit,
                Refused = _refused,
                Withdrawn = _withdrawn,
                InFlight = inFlight,
                BytesReceived = _bytes,
                Last = _last,
                Report = _report,
                Told = _told,
            };
        }
    }
}
