using SplitInfer.Policies.Sharing;

namespace SplitInfer.Simulation.Crowds;

/// <summary>
/// Searches for the arms of all clients together that take least time in the mean: by a model of the queues, client after client, from several starts and for several
/// degrees to which requests wait, and then by playing the best of them in the simulator with one client's arm changed at a time. It knows the world, the noise included.
/// </summary>
internal sealed class CrowdOptimum(CrowdWorld world)
{
    private const int Sweeps = 30;

    /// <summary>Plays that the search in the simulator may take, in frames of all clients.</summary>
    private const double MostFrames = 2e6;

    /// <summary>How much requests wait, as a part of what they would if they came at random.</summary>
    private static readonly double[] _waits = [1, 0.6, 0.3, 0.1];

    private readonly int _device = world.Servers.Length * (world.Arms.Length - 1);
    private readonly CrowdSimulator _simulator = new(world);
    private readonly int[] _judged = [.. Enumerable.Range(0, world.Clients.Length).Where(i => world.Clients[i].JoinsAt < world.ToSeconds)];

    /// <summary>How busy the servers would be, as a part of what they can do, if each client did what is best for one that is alone.</summary>
    public double SelfishLoad
    {
        get
        {
            var load = 0.0;
            foreach (var client in _judged)
                if (Enumerable.Range(0, _device + 1).MinBy(arm => Alone(client, arm)) is var arm && arm != _device) load += world.Clients[client].FramesPerSecond * TailSeconds(arm);
            return load / world.Servers.Sum(static server => server.Places);
        }
    }

    /// <summary>The arm of each client.</summary>
    public int[] Find()
    {
        var (best, least) = (Array.Empty<int>(), double.PositiveInfinity);
        foreach (var wait in _waits)
        {
            foreach (var start in (bool[])[false, true])
            {
                var found = Descend(start, wait);
                var mean = Played(found);
                if (mean < least) (best, least) = (found, mean);
            }
        }

        return Refine(best, least);
    }

    private double Played(int[] arms) => _simulator.Play(CrowdContender.Optimum, arms, untilJudged: true).MeanMs;

    private int[] Refine(int[] arms, double least)
    {
        var frames = world.Clients.Sum(static client => client.FramesPerSecond) * Math.Min(world.Seconds, world.ToSeconds);
        var plays = (int)(MostFrames / frames);
        for (var (improves, sweep) = (true, 0); improves && sweep < 3; sweep++)
        {
            improves = false;
            foreach (var client in _judged)
            {
                var before = arms[client];
                foreach (var arm in Promising(arms, client))
                {
                    if (arm == arms[client] || plays-- <= 0) continue;
                    var kept = arms[client];
                    arms[client] = arm;
                    var mean = Played(arms);
                    if (mean < least) least = mean;
                    else arms[client] = kept;
                }

                improves |= arms[client] != before;
            }
        }

        return arms;
    }

    // The best arm of each server and the device, and the runner-up.
    private IEnumerable<int> Promising(int[] arms, int client)
    {
        var trial = (int[])arms.Clone();
        var cuts = world.Arms.Length - 1;
        for (var server = 0; server < world.Servers.Length; server++)
        {
            foreach (var arm in Enumerable.Range(server * cuts, cuts).OrderBy(arm => Total(arm)).Take(2)) yield return arm;
        }

        yield return _device;

        double Total(int arm)
        {
            trial[client] = arm;
            return Model(trial, 0.5);
        }
    }

    private int[] Descend(bool fromDevice, double wait)
    {
        int[] arms = [.. Enumerable.Repeat(_device, world.Clients.Length)];
        if (!fromDevice)
            foreach (var client in _judged) arms[client] = Enumerable.Range(0, _device + 1).MinBy(arm => Alone(client, arm));
        var least = Model(arms, wait);
        for (var (improves, sweep) = (true, 0); improves && sweep < Sweeps; sweep++)
        {
            improves = false;
            foreach (var client in _judged)
            {
                for (var arm = 0; arm <= _device; arm++)
                {
                    var kept = arms[client];
                    arms[client] = arm;
                    var total = Model(arms, wait);
                    if (total < least - 1e-12) (least, improves) = (total, true);
                    else arms[client] = kept;
                }
            }
        }

        return arms;
    }

    private ScenarioArm ArmOf(int arm) => arm == _device ? world.Arms[^1] : world.Arms[arm % (world.Arms.Length - 1)];

    private double TailSeconds(int arm) => (ArmOf(arm).TailMs + ArmOf(arm).DecodeMs) * world.Servers[arm / (world.Arms.Length - 1)].Slowdown / 1e3;

    private double Alone(int client, int arm)
    {
        var (truth, device) = (ArmOf(arm), world.Clients[client]);
        var own = (truth.HeadMs + truth.EncodeMs) * device.Slowdown / 1e3;
        if (arm == _device) return own;
        var link = device.Links[arm / (world.Arms.Length - 1)];
        return own + (link.RttMs / 1e3) + (truth.PayloadBits / (link.Mbps * 1e6)) + TailSeconds(arm);
    }

    // What all frames of a second take, s. A load of more than what can be served costs more the more it is.
    private double Model(int[] arms, double wait)
    {
        var total = 0.0;
        Span<(double Rate, double Run, double Squares)> loads = stackalloc (double, double, double)[world.Servers.Length];
        foreach (var client in _judged)
        {
            var (arm, rate) = (arms[client], world.Clients[client].FramesPerSecond);
            total += rate * Alone(client, arm);
            if (arm == _device) continue;
            var tail = TailSeconds(arm);
            ref var load = ref loads[arm / (world.Arms.Length - 1)];
            load = (load.Rate + rate, load.Run + (rate * tail), load.Squares + (rate * tail * tail));
        }

        for (var server = 0; server < loads.Length; server++)
        {
            var (rate, run, squares) = loads[server];
            if (rate <= 0) continue;
            var (places, mean) = (world.Servers[server].Places, run / rate);
            var excess = Math.Max(0, (run / places) - CongestionCurve.MaxLoad);
            total += rate * mean * wait * (squares / rate / (mean * mean) / 2) * new CongestionCurve(places).Wait(run / places);
            total += rate * excess * 1e3;
        }

        return total;
    }
}
