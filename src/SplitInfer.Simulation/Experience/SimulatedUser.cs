namespace SplitInfer.Simulation.Experience;

/// <summary>
/// A user whose content with a session is no linear function of any feature: accuracy saturates, patience ends, and a battery that runs low weighs on
/// what uses it. Immutable but for <see cref="On"/>, which gives the user of another day.
/// </summary>
/// <remarks>
/// <code>
/// q = A · L · B
/// A = (1 − exp(−(a − 0.45)/τ)) / (1 − exp(−0.45/τ))      a accuracy, τ how soon more of it is worth nothing
/// L = 1 / (1 + (t/p)^k)                                  t seconds of a request, p patience, k how abruptly it ends
/// B = 1 − f·(1 − battery)²·min(1, joules/2)              f fear for the battery
/// </code>
/// </remarks>
internal sealed record SimulatedUser
{
    private const double LeastAccuracy = 0.45, MostJoules = 2;

    /// <summary>Patience, s.</summary>
    public required double Patience { get; init; }

    /// <summary>How abruptly it ends.</summary>
    public required double Steepness { get; init; }

    /// <summary>τ.</summary>
    public required double Saturation { get; init; }

    /// <summary>Fear for the battery, 0 to 1.</summary>
    public required double Fear { get; init; }

    /// <summary>What the user adds to every rating.</summary>
    public required double Level { get; init; }

    /// <summary>How much of the scale the user uses.</summary>
    public required double Scale { get; init; }

    /// <summary>How fast patience wanders; a standard deviation of its logarithm over a day.</summary>
    public required double Drift { get; init; }

    /// <summary>The day after which taste is another; beyond the end where it stays.</summary>
    public required int TurningDay { get; init; }

    /// <summary>The factor by which patience then differs.</summary>
    public required double Turn { get; init; }

    private int Seed { get; init; }

    /// <summary>Draws a user.</summary>
    /// <param name="seed">The world's.</param>
    /// <param name="user">Which.</param>
    /// <param name="spread">Standard deviation of the logarithm of users' patience.</param>
    public static SimulatedUser Draw(int seed, int user, double spread)
    {
        var draws = new Draws(seed, user, stream: 1);
        return new()
        {
            Patience = 0.3 * Math.Exp(spread * draws.Normal()),
            Steepness = 2.5 + (4 * draws.Uniform()),
            Saturation = 0.06 * Math.Exp(1.8 * draws.Uniform()),
            Fear = draws.Uniform(),
            Level = 0.1 * draws.Normal(),
            Scale = 0.6 + (0.5 * draws.Uniform()),
            Drift = 0.03,
            TurningDay = draws.Uniform() < 0.2 ? (int)(60 * draws.Uniform()) : int.MaxValue,
            Turn = draws.Uniform() < 0.5 ? 0.5 : 2,
            Seed = unchecked((seed * 1_000) + user),
        };
    }

    /// <summary>The user as of a day.</summary>
    public SimulatedUser On(int day)
    {
        var walk = 0.0;
        for (var d = 0; d < day; d++) walk += Drift * new Draws(Seed, d, stream: 2).Normal();
        return this with { Patience = Patience * Math.Exp(walk) * (day >= TurningDay ? Turn : 1) };
    }

    /// <summary>How content the user is with a session, 0 to 1.</summary>
    /// <param name="accuracy">Accuracy of the variant.</param>
    /// <param name="seconds">What a request took.</param>
    /// <param name="battery">Charge of the battery, 0 to 1.</param>
    /// <param name="joules">What a request used.</param>
    public double Content(double accuracy, double seconds, double battery, double joules)
    {
        var a = (1 - Math.Exp(-(accuracy - LeastAccuracy) / Saturation)) / (1 - Math.Exp(-LeastAccuracy / Saturation));
        var l = 1 / (1 + Math.Pow(seconds / Patience, Steepness));
        var b = 1 - (Fear * (1 - battery) * (1 - battery) * Math.Min(1, joules / MostJoules));
        return Math.Max(0, a) * l * b;
    }

    /// <summary>The rating that the user gives, one of five from 0 to 1.</summary>
    public double Rate(double content, ref Draws draws) => Stars(Level + (Scale * content) + (0.5 * (1 - Scale)) + (0.08 * draws.Normal()));

    /// <summary>The nearest of five ratings.</summary>
    public static double Stars(double rating) => Math.Round(Math.Clamp(rating, 0, 1) * 4) / 4;
}
