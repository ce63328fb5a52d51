using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies.Streams;

/// <summary>
/// For how long frames occupy the device, links and servers: a table for each, corrected by how fast each is at the moment and by what single rows show. Learned apart from
/// each other, each from every frame, whichever arm it took. Not thread-safe.
/// </summary>
internal sealed class StreamCosts
{
    /// <summary>How much slower than expected a link is taken to be, in standard deviations of what is not known: payloads that turn out to take longer delay all behind them.</summary>
    private const double Doubt = 0.5;

    /// <summary>Variance of the logarithm of the first run of a tail.</summary>
    private const double FirstVariance = 0.1 * 0.1;

    private readonly ArmTable _arms;
    private readonly double _maxLatency;
    private readonly DeviceModel _device;
    private readonly PayloadModel _payloads;
    private readonly DelayEstimator[] _tails;
    private readonly bool[][] _hasRun;
    private readonly LinkModel[] _links;
    private readonly LinkMeter[] _queues;
    private readonly ServerMeter[] _meters;

    /// <param name="setup">What the planner starts from.</param>
    /// <param name="arms">The arms.</param>
    /// <param name="maxLatency">The longest that a frame is waited for, s.</param>
    public StreamCosts(PolicySetup setup, ArmTable arms, double maxLatency)
    {
        (_arms, _maxLatency, _device, _payloads) = (arms, maxLatency, new(setup, arms), new(setup, arms));
        int[] servers = [.. Enumerable.Range(0, arms.Servers)];
        _tails = [.. servers.Select(server => ServerPrior.Of(setup, arms, server))];
        _hasRun = [.. servers.Select(server => new bool[arms.Count])];
        _links = [.. servers.Select(_ => new LinkModel(setup.IsSingleCore))];
        _queues = [.. servers.Select(static _ => new LinkMeter())];
        _meters = [.. servers.Select(static _ => new ServerMeter())];
    }

    /// <summary>How many times slower than its profile the device is.</summary>
    public double Slowdown => _device.Slowdown;

    /// <summary>Whether any frame has measured a server.</summary>
    public bool IsKnown(int server) => _links[server].IsKnown;

    /// <summary>Frames that have measured the link to a server.</summary>
    public int Measured(int server) => _links[server].Requests;

    /// <summary>Frames sent to a server whose replies are not there.</summary>
    public int Outstanding(int server) => _queues[server].Outstanding;

    /// <summary>Places of a server.</summary>
    public int Places(int server) => _meters[server].Places;

    /// <summary>The way to a server and back, s.</summary>
    public double RoundTrip(int server) => _links[server].Delay.Fixed;

    /// <summary>What a bit takes on a link, s.</summary>
    public double SecondsPerBit(int server)
    {
        var link = _links[server].Delay;
        return link.SecondsPerBit + (Doubt * Math.Sqrt(Math.Max(0, link.SlopeVariance)));
    }

    /// <summary>Mean logarithm of what the tails of a server take.</summary>
    public double TailLevel(int server) => _tails[server].Level;

    /// <summary>Bits that an arm is expected to send.</summary>
    public double Bits(int arm) => _payloads.Bits(arm);

    /// <summary>What is expected of an arm.</summary>
    public RouteCost Of(int arm)
    {
        var server = _arms[arm].Server;
        if (server < 0) return new(arm, Arm.OnDevice, _device.Mean(arm), 0, 0, 0, 0);
        return new(arm, server, _device.Mean(arm), SecondsPerBit(server) * _payloads.Bits(arm), _tails[server].Seconds(_arms.Rows.Tail[arm]) + _payloads.ExtraDecoding(arm), RoundTrip(server), _meters[server].Wait);
    }

    /// <summary>The same if what is not known of the arm turned out well.</summary>
    /// <param name="arm">The arm.</param>
    /// <param name="deviations">How well, in standard deviations.</param>
    public RouteCost Hoped(int arm, double deviations)
    {
        var cost = Of(arm);
        var head = _device.Head(arm);
        if (head > 0) cost = cost with { Device = cost.Device - head + (head * Math.Exp(-deviations * Math.Sqrt(Math.Max(0, _device.Covariance(arm, arm))) / head)) };
        if (cost.IsOnDevice) return cost;
        var (row, link) = (_arms.Rows.Tail[arm], _links[cost.Server].Delay);
        var bits = Math.Max(0, _payloads.Bits(arm) - (deviations * _payloads.Deviation(arm)));
        return cost with { Link = bits * Math.Max(link.SecondsPerBit / 4, link.SecondsPerBit - (deviations * Math.Sqrt(Math.Max(0, link.SlopeVariance)))), Tail = cost.Tail * Math.Exp(-deviations * Math.Sqrt(Math.Max(0, _tails[cost.Server].LogCovariance(row, row)))) };
    }

    /// <summary>Takes over what the profile of heads has learned.</summary>
    public void Advance() => _device.Advance();

    /// <summary>A frame will be sent to a server.</summary>
    public void Begin(int server, long sequence) => _queues[server].Begin(sequence);

    /// <summary>Learns a round-trip time, s.</summary>
    public void ObserveRoundTrip(int server, double seconds) => _links[server].ObserveRoundTrip(seconds);

    /// <summary>Learns what a frame took.</summary>
    public void Observe(in StageTimes times)
    {
        var arm = times.Decision.Arm.Index;
        var server = _arms[arm].Server;

        // What the device did for a frame whose server failed may be the tail as well.
        if (server < 0 || times.HasReply) ObserveDevice(arm, times.DeviceSeconds);
        if (server < 0) return;
        if (times.HasReply && times.ServerSeconds > 0)
        {
            _meters[server].Observe(times, RoundTrip(server));
            var occupied = times.ServerSeconds - Math.Clamp(times.ServerQueueSeconds, 0, times.ServerSeconds);
            if (occupied > 0) ObserveTail(server, _arms.Rows.Tail[arm], _payloads.WithoutExtra(arm, occupied));
        }

        if (times.HasReply && times.Bits >= 1) _payloads.Observe(arm, times.Bits);
        if (!times.HasReply && times.Fate == StreamFate.Late) ObserveOverdue(server, arm, times);
        _queues[server].End(times);
        while (_queues[server].TryNext(RoundTrip(server), out var transfer))
        {
            if (!(transfer.Seconds > 0)) continue;
            if (transfer.IsBehind) _links[server].ObserveTransfer(transfer.Bits, transfer.Seconds);
            else _links[server].Observe(transfer.Bits, transfer.Seconds);
        }
    }

    /// <summary>Sets a clock to when stages were last known to be occupied.</summary>
    public void SetClock(StageClock clock, double device)
    {
        clock.Device = device;
        for (var server = 0; server < _links.Length; server++)
        {
            clock.Link(server) = _queues[server].Left;
            clock.SetPlaces(server, _meters[server].Places);
            _meters[server].Left.CopyTo(clock.Server(server));
        }
    }

    // One that was given up because it was too late says how long it was waited for at least, unless it waited behind another one.
    private void ObserveOverdue(int server, int arm, in StageTimes times)
    {
        var waited = times.QueuedAt + _maxLatency - Math.Max(times.SendBegan, _queues[server].Left);
        var tail = Of(arm).Tail;
        if (_queues[server].IsFirst(times.Decision.Sequence) && waited - tail > 0 && double.IsFinite(waited)) _links[server].ObserveCensored(Bits(arm), waited - tail);
    }

    // What the first frame of a row shows of the server depends on a guess of how rows are related, so that it is no news of the others, which are measured.
    private void ObserveTail(int server, int row, double seconds)
    {
        var isFirst = !_hasRun[server][row] && Array.IndexOf(_hasRun[server], true) >= 0;
        _hasRun[server][row] = true;
        if (isFirst) _tails[server].Suppose(row, Math.Log(seconds), FirstVariance);
        else _tails[server].Observe(row, seconds);
    }

    // Head and encoding are measured together; each is taken to be off by as much.
    private void ObserveDevice(int arm, double seconds)
    {
        if (seconds <= 0) return;
        var (head, encode) = (_device.Head(arm), _device.Encode(arm));
        var share = head > 0 && _device.Measures(arm) ? head / (head + encode) : 0;
        if (share > 0) _device.ObserveHead(arm, share * seconds);
        if (share < 1) _device.ObserveEncode(arm, (1 - share) * seconds);
    }
}
