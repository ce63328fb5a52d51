using SplitInfer.Policies.Quality;

namespace SplitInfer.Server.Quality;

/// <summary>
/// Now and then, while nothing waits, a run goes to the end of the model though an exit could answer it, and what each exit on the way would have answered is compared with that. So a controller learns what
/// exits are worth for inputs as they are by now. Which runs do is drawn before they begin, since those that go on because no exit was sure are others. Reused with its run; not thread-safe.
/// </summary>
internal sealed class ExitCheck
{
    private const int None = -1;

    private readonly int[] _classes = new int[QualityCurve.MaxExits];

    /// <summary>Whether the run is one of those.</summary>
    public bool IsOn { get; private set; }

    /// <summary>A run begins.</summary>
    /// <param name="isOn">Whether it is one of those.</param>
    public void Begin(bool isOn)
    {
        IsOn = isOn;
        Array.Fill(_classes, None);
    }

    /// <summary>Somebody else comes, whom the run must not keep waiting: it becomes one as any other.</summary>
    public void GiveUp() => IsOn = false;

    /// <summary>Notes what an exit would have answered.</summary>
    public void Note(int leg, int best) => _classes[leg] = best;

    /// <summary>Tells the controller which exits agree with the model.</summary>
    /// <param name="place">The curve.</param>
    /// <param name="best">What the model answers; null where that is no class.</param>
    public void End((QualityNode Node, int Curve) place, int? best)
    {
        if (!IsOn || best is not { } right) return;
        for (var leg = 0; leg < _classes.Length; leg++)
            if (_classes[leg] != None) place.Node.Check(place.Curve, leg, _classes[leg] == right);
    }
}
