using System.Globalization;
using SplitInfer.Soak.Processes;

namespace SplitInfer.Soak;

/// <summary>What a soak is asked to do.</summary>
internal sealed record SoakOptions
{
    private static readonly TimeSpan LongestWarmUp = TimeSpan.FromMinutes(10);

    /// <summary>How long the load lasts, warm-up included.</summary>
    public TimeSpan Duration { get; private init; } = TimeSpan.FromMinutes(1);

    /// <summary>What happens before this is not judged: code is compiled, pools fill, models are loaded. A third of the time, at most 10 minutes, unless given.</summary>
    public TimeSpan WarmUp { get; private init; }

    /// <summary>Decides what is asked for and what goes wrong.</summary>
    public int Seed { get; private init; } = 1;

    /// <summary>What both processes leak on purpose, a little with every request, to show that the soak finds it.</summary>
    public LeakKind Leak { get; private init; }

    /// <summary>Whether one JSON object a line is printed.</summary>
    public bool IsJson { get; private init; }

    /// <summary>How often both processes are measured.</summary>
    public TimeSpan Interval => Duration >= TimeSpan.FromMinutes(5) ? TimeSpan.FromSeconds(5) : TimeSpan.FromSeconds(2);

    /// <summary>Reads the command line.</summary>
    /// <exception cref="FormatException">It cannot be read; the message says what is taken.</exception>
    public static SoakOptions Parse(string[] args)
    {
        var options = new SoakOptions();
        TimeSpan? warmUp = null;
        for (var at = 0; at < args.Length; at++)
        {
            switch (args[at])
            {
                case "--json": options = options with { IsJson = true }; break;
                case "--minutes": options = options with { Duration = Minutes(args, ++at) }; break;
                case "--warm-up": warmUp = Minutes(args, ++at); break;
                case "--seed": options = options with { Seed = (int)Number(args, ++at) }; break;
                case "--leak" when at + 1 < args.Length && Enum.TryParse<LeakKind>(args[at + 1], ignoreCase: true, out var leak): (options, at) = (options with { Leak = leak }, at + 1); break;
                default: throw new FormatException($"'{args[at]}' is not taken here. Options: --minutes N, --warm-up MINUTES, --seed N, --leak memory|handles|threads, --json.");
            }
        }

        var third = options.Duration / 3;
        return options with { WarmUp = warmUp ?? (third < LongestWarmUp ? third : LongestWarmUp) };
    }

    private static TimeSpan Minutes(string[] args, int at) =>
        Number(args, at) is > 0 and < 100_000 and var minutes ? TimeSpan.FromMinutes(minutes) : throw new FormatException($"'{args[at]}' minutes are not to be had. Give more than 0.");

    private static double Number(string[] args, int at) =>
        at < args.Length && double.TryParse(args[at], NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException($"{args[at - 1]} needs a number.");
}
