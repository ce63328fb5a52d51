using SplitInfer.Policies.Experience;

namespace SplitInfer.Simulation.Experience;

/// <summary>A device on which the model chooses, with a user who rates, or stops rating. Not thread-safe.</summary>
internal sealed class SimulatedDevice(ExperienceWorld world, int device, ExperienceModel model, bool isCareless, bool asksAlways)
{
    /// <summary>After so many sessions in a row with less content than this, the user may stop answering for good.</summary>
    private const int Patience = 3;
    private const double Unhappy = 0.3;

    private readonly double[] _lateness = new double[ServedVariant.All.Length];
    private int _unhappy;
    private bool _hasStopped;

    /// <summary>What chooses.</summary>
    public ExperienceModel Model => model;

    /// <summary>Plays a session.</summary>
    public void Play(int session, ExperienceTally tally)
    {
        var played = world.Session(device, session, _lateness);
        var ratings = model.Ratings;
        var variant = model.Choose(session, played.Device, played.Known).Variant;
        tally.Count(device, session, ratings, played.Contents[variant], played.Contents[played.Best]);

        var draws = world.DrawsOf(device, session, stream: 6);
        var seconds = played.Seconds[variant] * Math.Exp(0.1 * draws.Normal());
        var known = played.Known[variant];
        var content = played.User.Content(known.Accuracy, seconds, played.Device.Battery!.Value, known.Joules!.Value);
        _lateness[variant] = (0.8 * _lateness[variant]) + (ExperienceWorld.IsLate(seconds) ? 0.2 : 0);
        Show(session, seconds, content, ref draws);

        _unhappy = content < Unhappy ? _unhappy + 1 : 0;
        _hasStopped |= _unhappy >= Patience && draws.Uniform() < 0.5;
        if ((asksAlways || model.IsWorthAsking(session)) && Answers(session, content, played.User, tally, ref draws) is { } rating) model.Rate(session, rating, seconds);
        else model.End(session, seconds);
    }

    // What the application sees without asking.
    private void Show(int session, double seconds, double content, ref Draws draws)
    {
        if (ExperienceWorld.IsLate(seconds)) model.Signal(session, ImplicitSignal.Late);
        if (draws.Uniform() < 0.01 + (0.3 * (1 - content) * (1 - content))) model.Signal(session, ImplicitSignal.Repeated);
        if (draws.Uniform() < 0.005 + (0.5 * Math.Max(0, 0.4 - content) / 0.4)) model.Signal(session, ImplicitSignal.Abandoned);
    }

    // Those who are unhappy answer less: what is missing is not missing at random.
    private double? Answers(int session, double content, SimulatedUser user, ExperienceTally tally, ref Draws draws)
    {
        model.Ask(session);
        var answers = !_hasStopped && draws.Uniform() < 0.9 / (1 + Math.Exp(-(content - 0.35) / 0.08));
        tally.CountQuestion(answers);
        if (!answers) return null;
        return isCareless ? SimulatedUser.Stars(draws.Uniform()) : user.Rate(content, ref draws);
    }
}
