using SplitInfer.Policies.Experience;

namespace SplitInfer.Simulation.Experience;

/// <summary>
/// Plays contenders in a world of simulated users: devices that teach the fleet for some days, then others that begin with what it learned. Every
/// contender meets the same sessions. Not thread-safe.
/// </summary>
public sealed class ExperienceSimulator(ExperienceWorld world)
{
    private const double CarelessShare = 0.05;

    /// <summary>Plays one contender.</summary>
    /// <param name="contender">Who chooses.</param>
    /// <param name="options">Knobs of the model in place of those of the contender; null for these.</param>
    public ExperienceResult Play(ExperienceContender contender, ExperienceOptions? options = null) => contender switch
    {
        ExperienceContender.Shared or ExperienceContender.SharedCareless or ExperienceContender.SharedAlwaysAsking or ExperienceContender.SharedWithoutSignals or ExperienceContender.SharedWithoutTaste =>
            PlayModels(contender, options ?? OptionsOf(contender), isShared: true),
        ExperienceContender.Alone or ExperienceContender.AloneAlwaysAsking => PlayModels(contender, options ?? new(), isShared: false),
        _ => PlayRule(contender, RuleOf(contender)),
    };

    private static ExperienceOptions OptionsOf(ExperienceContender contender) => contender switch
    {
        ExperienceContender.SharedWithoutSignals => new() { SignalWeight = 0 },
        ExperienceContender.SharedWithoutTaste => new() { TasteDeviation = 1e-3, LevelDeviation = 1e-3 },
        _ => new(),
    };

    private ExperienceResult PlayModels(ExperienceContender contender, ExperienceOptions options, bool isShared)
    {
        var (tally, clock, fleet) = (new ExperienceTally(world), new DayClock(), ExperienceStatistics.Empty);
        foreach (var (first, end) in ((int, int)[])[(0, world.FirstNewcomer), (world.FirstNewcomer, world.Devices)])
        {
            // Where nothing is shared, those who came before teach nobody.
            SimulatedDevice[] devices = [.. Enumerable.Range(first, end - first).Select(device => new SimulatedDevice(
                world, device, new(options, clock), contender == ExperienceContender.SharedCareless && IsCareless(world.UserOf(device)), contender is ExperienceContender.SharedAlwaysAsking or ExperienceContender.AloneAlwaysAsking))];
            for (var day = 0; day < world.Days; day++, clock.Day++)
            {
                foreach (var device in devices)
                {
                    if (isShared) device.Model.Receive(fleet);
                    for (var i = 0; i < ExperienceWorld.SessionsPerDay; i++) device.Play((day * ExperienceWorld.SessionsPerDay) + i, tally);
                }

                if (isShared) fleet = Share(devices, fleet, tally);
            }
        }

        return tally.Result(contender);
    }

    private static ExperienceStatistics Share(SimulatedDevice[] devices, ExperienceStatistics fleet, ExperienceTally tally)
    {
        foreach (var device in devices)
        {
            var bytes = device.Model.TakeShare()?.ToBytes();
            if (bytes is not null) fleet = fleet.Plus(ExperienceStatistics.FromBytes(bytes));
            tally.CountUpload(bytes?.Length ?? 0);
        }

        return fleet;
    }

    private ExperienceResult PlayRule(ExperienceContender contender, Func<int, SimulatedSession, int> rule)
    {
        var tally = new ExperienceTally(world);
        for (var device = 0; device < world.Devices; device++)
        {
            for (var session = 0; session < Sessions; session++)
            {
                var played = world.Session(device, session, Lateness);
                tally.Count(device, session, ratings: 0, played.Contents[rule(device, played)], played.Contents[played.Best]);
            }
        }

        return tally.Result(contender);
    }

    private Func<int, SimulatedSession, int> RuleOf(ExperienceContender contender)
    {
        switch (contender)
        {
            case ExperienceContender.LeastTime:
                return static (_, session) => LeastOf(session.Known, static known => known.Seconds!.Value);
            case ExperienceContender.MostAccurate:
                return static (_, session) => LeastOf(session.Known, static known => -known.Accuracy);
            case ExperienceContender.BestStatic:
                var best = BestInHindsight(static _ => true);
                return (_, _) => best;
            case ExperienceContender.BestStaticOfClass:
                int[] bestOf = [.. Enumerable.Range(0, DeviceClass.All.Length).Select(kind => BestInHindsight(device => device % DeviceClass.All.Length == kind))];
                return (device, _) => bestOf[device % DeviceClass.All.Length];
            default:
                return static (_, session) => session.Best;
        }
    }

    // Of the sessions by which it is judged.
    private int BestInHindsight(Func<int, bool> counts)
    {
        var sums = new double[ServedVariant.All.Length];
        for (var device = world.FirstNewcomer; device < world.Devices; device++)
        {
            if (!counts(device)) continue;
            for (var session = 0; session < Sessions; session++)
            {
                var contents = world.Session(device, session, Lateness).Contents;
                for (var v = 0; v < sums.Length; v++) sums[v] += contents[v];
            }
        }

        return sums.AsSpan().IndexOf(sums.Max());
    }

    private bool IsCareless(int user) => world.DrawsOfUser(user, stream: 7).Uniform() <= CarelessShare;

    private int Sessions => world.Days * ExperienceWorld.SessionsPerDay;

    private static double[] Lateness { get; } = new double[ServedVariant.All.Length];

    private static int LeastOf(VariantFeatures[] variants, Func<VariantFeatures, double> cost)
    {
        var least = 0;
        for (var v = 1; v < variants.Length; v++)
            if (cost(variants[v]) < cost(variants[least])) least = v;
        return least;
    }

    /// <summary>A clock that counts days.</summary>
    private sealed class DayClock : TimeProvider
    {
        public int Day { get; set; }

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddDays(Day);
    }
}
