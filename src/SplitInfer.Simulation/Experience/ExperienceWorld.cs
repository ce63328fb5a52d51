using SplitInfer.Policies.Experience;

namespace SplitInfer.Simulation.Experience;

/// <summary>Devices of twelve classes with their users, some of whom come when the others have taught the fleet. A function of its seed. Immutable.</summary>
/// <param name="seed">Makes all of it.</param>
/// <param name="devices">How many devices; the last fifth comes late.</param>
/// <param name="users">How many users; the last fifth has the devices that come late.</param>
/// <param name="days">How many days a device is used.</param>
/// <param name="patienceSpread">How far users differ in patience: the standard deviation of its logarithm.</param>
public sealed class ExperienceWorld(int seed, int devices = 1000, int users = 200, int days = 20, double patienceSpread = 0.7)
{
    /// <summary>How many devices there are.</summary>
    public int Devices => devices;

    /// <summary>How many days a device is used.</summary>
    public int Days => days;

    /// <summary>Sessions of a day.</summary>
    internal const int SessionsPerDay = 3;

    private const double DeadlineSeconds = 1;

    private readonly double[] _tables = TablesOf(seed);
    private readonly SimulatedUser[] _users = [.. Enumerable.Range(0, users).Select(user => SimulatedUser.Draw(seed, user, patienceSpread))];

    /// <summary>The first of the devices that come late.</summary>
    internal int FirstNewcomer => devices - (devices / 5);

    /// <summary>Whether a time is late for an application that knows nothing of its users.</summary>
    internal static bool IsLate(double seconds) => seconds > DeadlineSeconds;

    /// <summary>The user of a device.</summary>
    internal int UserOf(int device)
    {
        var late = Math.Max(1, users / 5);
        return device < FirstNewcomer ? device % Math.Max(1, users - late) : Math.Max(0, users - late) + (device % late);
    }

    /// <summary>Draws for something of a user.</summary>
    internal Draws DrawsOfUser(int user, int stream) => new(seed, user, stream);

    /// <summary>Draws for something of a session.</summary>
    internal Draws DrawsOf(int device, int session, int stream) => new(seed, (device * 1_000) + session, stream);

    /// <summary>A session of a device, counted from its first.</summary>
    /// <param name="device">The device.</param>
    /// <param name="session">The session.</param>
    /// <param name="lateness">By variant: share of recent requests that were late.</param>
    internal SimulatedSession Session(int device, int session, ReadOnlySpan<double> lateness)
    {
        var kind = DeviceClass.All[device % DeviceClass.All.Length];
        var day = session / SessionsPerDay;
        var daily = DrawsOf(device, day, stream: 3);
        var slowness = daily.Uniform() < 0.15 ? 1.5 + (1.5 * daily.Uniform()) : Math.Exp(0.1 * daily.Normal());
        var draws = DrawsOf(device, session, stream: 4);
        var battery = kind.IsOnMains ? 1 : 0.05 + (0.95 * draws.Uniform());
        var isMobile = draws.Uniform() < kind.MobileShare;
        var (network, mbps, roundTripMs) = Network(isMobile, draws.Uniform());
        var user = _users[UserOf(device)].On(day + (device < FirstNewcomer ? 0 : days));
        var variants = ServedVariant.All;
        var (known, contents, seconds) = (new VariantFeatures[variants.Length], new double[variants.Length], new double[variants.Length]);
        for (var v = 0; v < variants.Length; v++)
        {
            var variant = variants[v];
            var own = variant.ReferenceMs / 1e3 * kind.Slowness * slowness * _tables[(device % DeviceClass.All.Length * variants.Length) + v];

            // What does not fit into memory beside the rest is read again and again.
            if (variant.MegaBytes > 25 * kind.MemoryGiB) own *= 3;
            var link = variant.UploadKiB > 0 ? (ServedVariant.ServerMs / 1e3) + (roundTripMs / 1e3) + (variant.UploadKiB * 8.192e-3 / mbps) : 0;
            var joules = (own * kind.Watts) + (variant.UploadKiB > 0 ? 0.05 + (link * 0.5) : 0);
            seconds[v] = own + link;
            known[v] = new()
            {
                Accuracy = variant.Accuracy,
                Bytes = variant.MegaBytes * 1e6,
                Seconds = seconds[v] * Math.Exp(0.15 * draws.Normal()),
                Joules = joules * Math.Exp(0.15 * draws.Normal()),
                Lateness = lateness[v],
            };
            contents[v] = user.Content(variant.Accuracy, seconds[v], battery, joules);
        }

        var features = new DeviceFeatures
        {
            Cores = kind.Cores,
            ClockGHz = kind.ClockGHz,
            MemoryBytes = kind.MemoryGiB * (1L << 30),
            Battery = battery,
            Network = network,
            SessionsPerDay = SessionsPerDay,
        };
        return new(features, known, contents, seconds, user);
    }

    private static (NetworkClass Class, double Mbps, double RoundTripMs) Network(bool isMobile, double draw) => (isMobile, draw) switch
    {
        (true, < 0.25) => (NetworkClass.Slow, 1.2, 180),
        (true, < 0.75) => (NetworkClass.Moderate, 8, 60),
        (true, _) => (NetworkClass.Fast, 30, 35),
        (false, < 0.15) => (NetworkClass.Moderate, 6, 40),
        (false, _) => (NetworkClass.Fast, 60, 15),
    };

    // Processors of a speed are not equally fast in all models.
    private static double[] TablesOf(int seed)
    {
        var draws = new Draws(seed, request: 0, stream: 5);
        var tables = new double[DeviceClass.All.Length * ServedVariant.All.Length];
        for (var i = 0; i < tables.Length; i++) tables[i] = Math.Exp(0.2 * draws.Normal());
        return tables;
    }
}
