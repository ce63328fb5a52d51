using System.Collections.Immutable;
using SplitInfer.Protocol;
using SplitInfer.Server.Monitoring;

namespace SplitInfer.Dashboard.Sampling;

/// <summary>Adds up requests until a second is over. Used by one thread at a time.</summary>
internal sealed class SampleBuilder
{
    private readonly double[] _served = new double[Stages.All.Count], _reported = new double[Stages.All.Count];
    private readonly Dictionary<Cut, int> _cuts = [];
    private readonly Dictionary<string, int> _refusals = new(StringComparer.Ordinal);
    private int _answered, _byExit, _withdrawn, _reports;
    private double _totals, _receive;

    // Of reports, which are the word of clients: an int would overflow.
    private long _told, _forced, _raced, _won, _onDevice;
    private long _bytes;

    /// <summary>Adds a request that has ended.</summary>
    public void Add(in RequestActivity request)
    {
        if (request.Report is { } report) Add(report);
        if (request.Refusal == RefusalCode.Cancelled)
        {
            _withdrawn++;
            return;
        }

        if (request.Refusal is { } refusal)
        {
            var reason = refusal.ToString();
            _refusals[reason] = _refusals.GetValueOrDefault(reason) + 1;
            return;
        }

        _answered++;
        if (request.Exit > 0) _byExit++;
        _bytes += request.BytesReceived;
        _receive += request.Receive.TotalSeconds;
        Stages.AddServed(_served, request);
        var cut = new Cut(request.Model ?? "", request.Partition);
        _cuts[cut] = _cuts.GetValueOrDefault(cut) + 1;
    }

    /// <summary>What was added, and begins anew.</summary>
    public Sample Build(DateTimeOffset at, double seconds, in ServerLoadStatus load)
    {
        var sample = new Sample
        {
            At = at,
            Seconds = seconds,
            Answered = _answered,
            ByExit = _byExit,
            Withdrawn = _withdrawn,
            Refusals = [.. _refusals.OrderByDescending(static one => one.Value).Select(static one => (one.Key, one.Value))],
            BytesReceived = _bytes,
            StageSeconds = [.. Stages.All.Select(one => MeanOf(one.Stage))],
            TotalSeconds = _reports > 0 ? _totals / _reports : null,
            Cuts = [.. _cuts.OrderBy(static one => one.Key.Model, StringComparer.Ordinal).ThenBy(static one => one.Key.Partition).Select(static one => (one.Key, one.Value))],
            Told = _told,
            Forced = _forced,
            Raced = _raced,
            WonByDevice = _won,
            OnDevice = _onDevice,
            Load = load,
        };
        Array.Clear(_served);
        Array.Clear(_reported);
        _cuts.Clear();
        _refusals.Clear();
        (_answered, _byExit, _withdrawn, _reports, _told, _forced, _raced, _won, _onDevice, _totals, _receive, _bytes) = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        return sample;
    }

    private void Add(in ClientReport report)
    {
        (_told, _forced, _raced, _won, _onDevice) = (_told + report.Finished, _forced + report.Forced, _raced + report.Raced, _won + report.WonByDevice, _onDevice + report.OnDevice);
        if (report.Last is not { } last) return;
        _reports++;
        _totals += last.Total.TotalSeconds;
        Stages.AddReported(_reported, last);
    }

    private double MeanOf(Stage stage)
    {
        if (!Stages.IsReported(stage)) return _answered > 0 ? _served[(int)stage] / _answered : 0;
        if (_reports > 0) return _reported[(int)stage] / _reports;
        // Without reports this is all that is known of the way here.
        return stage == Stage.Send && _answered > 0 ? _receive / _answered : 0;
    }
}
