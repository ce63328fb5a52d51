namespace SplitInfer.Simulation.Streams;

/// <summary>One stream that is played: a source, a chooser that is asked when there is room, and the stages. Used once.</summary>
internal sealed class StreamPlay
{
    /// <summary>How often round trips are measured, s.</summary>
    private const double ProbeSeconds = 1;

    /// <summary>A change after which as many frames are possible as before it, but for this part, is none to recover from; and what is expected to this part is known.</summary>
    private const double Close = 0.1;

    /// <summary>A contender that takes longer than this, s, has fewer frames.</summary>
    private const double MaxSeconds = 36_000;

    private readonly StreamWorld _world;
    private readonly StreamChooser _chooser;
    private readonly StreamClock _clock;
    private readonly StreamStages _stages;
    private readonly StreamTally _tally;
    private readonly StreamRecovery _recovery;
    private readonly Queue<(int Frame, double At)> _waiting = new();
    private int _arrived;
    private int _probes;
    private int _inFlight;
    private int _open;
    private long _sequence;

    public StreamPlay(StreamWorld world, StreamChooser chooser, StreamClock clock, StreamBound bound)
    {
        (_world, _chooser, _clock) = (world, chooser, clock);
        (_stages, _tally, _recovery) = (new(world, clock), new(world.MaxLatencyMs / 1e3), new(world, bound, Close));
        _open = world.Frames;
    }

    /// <summary>What frames took.</summary>
    public StreamTally Tally => _tally;

    /// <summary>How soon changes were found.</summary>
    public StreamRecovery Recovery => _recovery;

    /// <summary>Plays all frames.</summary>
    public void Run()
    {
        Probe();
        if (_world.FramesPerSecond is not null) Arrive();
        else Fill();
        _clock.RunWhile(() => _open > 0 && _clock.Now < MaxSeconds);
    }

    private void Probe()
    {
        for (var server = 0; server < _world.Servers.Length; server++) _chooser.ObserveRoundTrip(server, _stages.RoundTrip(server, _probes));
        _probes++;
        _clock.At(_clock.Now + ProbeSeconds, Probe);
    }

    private void Arrive()
    {
        if (_arrived == _world.Frames) return;
        var frame = (_arrived++, _clock.Now);
        if (_world.Drop == StreamDrop.Newest && _waiting.Count > 0) Drop();
        else
        {
            if (_world.Drop == StreamDrop.Oldest && _waiting.TryDequeue(out _)) Drop();
            _waiting.Enqueue(frame);
        }

        Fill();
        _clock.At(_arrived / _world.FramesPerSecond!.Value, Arrive);
    }

    private void Drop()
    {
        _tally.Drop();
        _open--;
    }

    private void Fill()
    {
        while (_inFlight < _chooser.Window && TryTake(out var frame, out var at))
        {
            var decision = _chooser.Next(_clock.Now, ++_sequence);
            _recovery.NoteChoice(_clock.Now, _inFlight, _chooser.Forecast);
            _tally.NoteInFlight(++_inFlight);
            _stages.Begin(decision, frame, times =>
            {
                _inFlight--;
                _open--;
                var latency = _clock.Now - at;
                _tally.End(_clock.Now, latency);
                _chooser.Observe(times with { Fate = latency > _world.MaxLatencyMs / 1e3 ? Policies.Streams.StreamFate.Late : Policies.Streams.StreamFate.Completed });
                Fill();
            });
        }
    }

    private bool TryTake(out int frame, out double at)
    {
        (frame, at) = (_arrived, _clock.Now);
        if (_world.FramesPerSecond is null) return _arrived++ < _world.Frames;
        if (!_waiting.TryDequeue(out var first)) return false;
        (frame, at) = first;
        return true;
    }
}
