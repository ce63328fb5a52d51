namespace SplitInfer.Policies.Streams;

/// <summary>How long frames wait on a server behind those of others, which is what they wait beyond the frames of their own stream. Not thread-safe.</summary>
internal sealed class ServerMeter
{
    private const double Gain = 0.1;

    private readonly double[] _left = new double[StageClock.MaxPlaces];

    /// <summary>How many frames the server runs at a time; 1 until it says.</summary>
    public int Places { get; private set; } = 1;

    /// <summary>The wait behind others, s.</summary>
    public double Wait { get; private set; }

    /// <summary>When frames have last left its places.</summary>
    public ReadOnlySpan<double> Left => _left.AsSpan(0, Places);

    public ServerMeter() => Array.Fill(_left, double.NegativeInfinity);

    /// <summary>Learns from a frame that was replied to.</summary>
    /// <param name="times">What it took.</param>
    /// <param name="roundTrip">The way there and back, s.</param>
    public void Observe(in StageTimes times, double roundTrip)
    {
        if (times.ServerPlaces > 0) Places = Math.Min(times.ServerPlaces, StageClock.MaxPlaces);
        var left = times.RepliedAt - (roundTrip / 2);
        var arrived = left - times.ServerSeconds;

        // Until then frames of the stream had all places.
        var places = _left.AsSpan(0, Places);
        var first = 0;
        for (var i = 1; i < places.Length; i++)
            if (places[i] < places[first]) first = i;
        var behindOthers = Math.Max(0, Math.Clamp(times.ServerQueueSeconds, 0, times.ServerSeconds) - Math.Max(0, places[first] - arrived));
        Wait += Gain * (behindOthers - Wait);
        places[first] = Math.Max(places[first], left);
    }
}
