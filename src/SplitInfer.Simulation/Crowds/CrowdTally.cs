namespace SplitInfer.Simulation.Crowds;

/// <summary>Sums up the frames of all clients that began within a stretch of time.</summary>
internal sealed class CrowdTally
{
    private readonly (CrowdDevice Device, CrowdFrame[] Frames)[] _clients;
    private readonly double _seconds;

    public CrowdTally(IEnumerable<CrowdDevice> devices, double from, double to)
    {
        _seconds = to - from;
        _clients = [.. devices.Select(device => (device, Frames: device.Frames.Where(frame => frame.At >= from && frame.At < to).ToArray())).Where(static client => client.Frames.Length > 0)];
    }

    /// <summary>Frames of all.</summary>
    public int Frames => _clients.Sum(static client => client.Frames.Length);

    /// <summary>Mean delay, ms, each client's by its frames a second.</summary>
    public double MeanMs => _clients.Sum(static client => client.Device.Client.FramesPerSecond * MeanOf(client.Frames)) / _clients.Sum(static client => client.Device.Client.FramesPerSecond);

    /// <summary>The largest mean delay of a client over the mean of all.</summary>
    public double WorstShare => _clients.Max(static client => MeanOf(client.Frames)) / _clients.Average(static client => MeanOf(client.Frames));

    /// <summary>How often a client turned to another arm, in a minute.</summary>
    public double SwitchesPerMinute => _clients.Average(client => Switches(client.Frames)) / (_seconds / 60);

    /// <summary>The part of all frames of which something holds.</summary>
    public double Share(Func<CrowdFrame, bool> holds) => (double)_clients.Sum(client => client.Frames.Count(holds)) / Math.Max(1, Frames);

    /// <summary>Mean delay of the first frames of clients that came at a time or later, ms, each client's alike.</summary>
    public static double FirstFrames(IEnumerable<CrowdDevice> devices, double from, int count)
    {
        double[] means = [.. devices.Where(device => device.Client.JoinsAt >= from && device.Frames.Count > 0).Select(device => MeanOf([.. device.Frames.Take(count)]))];
        return means.Length == 0 ? double.NaN : means.Average();
    }

    private static double MeanOf(CrowdFrame[] frames) => frames.Average(static frame => frame.Seconds) * 1e3;

    private static int Switches(CrowdFrame[] frames)
    {
        int[] chosen = [.. frames.Where(static frame => !frame.IsForced).Select(static frame => frame.Arm)];
        return chosen.Zip(chosen.Skip(1)).Count(static pair => pair.First != pair.Second);
    }
}
