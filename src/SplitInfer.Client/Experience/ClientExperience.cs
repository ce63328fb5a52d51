using SplitInfer.Policies;
using SplitInfer.Policies.Experience;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Experience;

/// <summary>
/// What the user of a client thinks of its answers: has a variant chosen for each session, notes what requests show without a question, and takes ratings. A
/// session begins with a request and ends when it is rated, when <see cref="EndSession"/> is called, or with the next request where none has come for ten minutes. Thread-safe.
/// </summary>
public sealed class ClientExperience
{
    /// <summary>The same request is repeated where it comes again so soon.</summary>
    private static readonly TimeSpan RepeatedWithin = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);

    /// <summary>Places of an input, and bytes at each, by which requests are compared.</summary>
    private const int ComparedPlaces = 64, ComparedBytes = 64;

    /// <summary>Part of a mean that the last request makes.</summary>
    private const double Newest = 0.1;

    private readonly Lock _gate = new();
    private readonly VariantFeatures[] _variants;
    private readonly Func<int, double> _expectedSeconds;
    private readonly bool[] _isMeasured;
    private readonly VariantFeatures[] _allowed;
    private readonly int[] _places;
    private readonly int[] _answers;
    private readonly TimeProvider _time;
    private readonly RatingSaver? _saver;
    private DeviceFeatures _device = new() { Cores = Environment.ProcessorCount, MemoryBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes };
    private long _session;
    private bool _isOpen;
    private int _chosen;
    private long _lastRequest;
    private int _lastInputs;
    private double _seconds;
    private int _requests;

    /// <param name="model">Learns and chooses.</param>
    /// <param name="variants">What is known of the variants beforehand.</param>
    /// <param name="expectedSeconds">By variant: what a request is expected to take before any has, s; 0 where nothing tells.</param>
    /// <param name="time">The clock.</param>
    /// <param name="save">Saves what the model learned, and returns whether that was possible; null where nothing is kept.</param>
    internal ClientExperience(ExperienceModel model, IEnumerable<VariantFeatures> variants, Func<int, double> expectedSeconds, TimeProvider time, Func<bool>? save = null)
    {
        _saver = save is null ? null : new(save, time);
        (Model, _variants, _expectedSeconds, _time) = (model, [.. variants], expectedSeconds, time);
        (_isMeasured, _allowed, _places, _answers) = (new bool[_variants.Length], new VariantFeatures[_variants.Length], new int[_variants.Length], new int[_variants.Length]);
    }

    /// <summary>
    /// What learns from ratings and chooses. What other devices learned reaches it by <see cref="ExperienceModel.Receive"/>; what it learned reaches them by
    /// <see cref="TakeShare"/>.
    /// </summary>
    public ExperienceModel Model { get; }

    /// <summary>
    /// What is known of the device. Cores and memory are there from the beginning; an application that knows of battery and network says so, before a session
    /// begins.
    /// </summary>
    public DeviceFeatures Device
    {
        get { lock (_gate) return _device; }
        set { lock (_gate) _device = value; }
    }

    /// <summary>Whether to ask the user now how good the answers of this session are: the rating would teach, and the budget of questions is not spent. <see cref="Ask"/> says that it was done.</summary>
    public bool IsWorthAsking
    {
        get { lock (_gate) return _isOpen && Model.IsWorthAsking(_session); }
    }

    /// <summary>The user was asked. A session that ends without a rating then counts as one whose question was dismissed.</summary>
    public void Ask()
    {
        lock (_gate)
            if (_isOpen) Model.Ask(_session);
    }

    /// <summary>
    /// The user rates the answers of this session, which ends with it. The rating is of the variant that has given most of them, which is another than the chosen one where the
    /// device stood in with it by a deadline, or requests asked for more accuracy.
    /// </summary>
    /// <param name="rating">From 0, useless, to 1, as good as can be.</param>
    /// <returns>Whether it was taken: there is a session that is not rated yet.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The rating is not a number.</exception>
    public bool Rate(double rating)
    {
        lock (_gate) return _isOpen && Rate(_session, rating);
    }

    /// <summary>
    /// What this device has learned since its last share, for the application to send to the fleet; null while that is too little or too soon (<see cref="ExperienceModel.TakeShare"/>).
    /// That it was taken is saved before, so that an application that is killed does not share the same ratings again; null as well where it cannot be saved now, which
    /// <see cref="SplitInferenceClient.Warnings"/> tells. Waits for the disk. Without a <see cref="SplitInferenceOptions.StateDirectory"/> nothing is saved: what was learned then ends with the
    /// process, and with it how long ago the last share was.
    /// </summary>
    public ExperienceStatistics? TakeShare()
    {
        lock (_gate)
        {
            if (_saver is null) return Model.TakeShare();
            var before = new PolicyStateWriter();
            Model.State.Save(before);
            if (Model.TakeShare() is not { } share) return null;
            if (_saver.Save()) return share;
            // It can be taken another time.
            Model.State.Restore(new(before.Numbers.ToArray()));
            return null;
        }
    }

    /// <summary>Notes what an application has seen, such as a user who left.</summary>
    /// <param name="signal">What was seen.</param>
    public void Signal(ImplicitSignal signal)
    {
        lock (_gate)
            if (_isOpen) Model.Signal(_session, signal);
    }

    /// <summary>Ends the session, so that the next request begins another one. What was seen of it is a weak label.</summary>
    public void EndSession()
    {
        lock (_gate) End();
    }

    /// <summary>A request begins: tells its session and the variant that was chosen for that; none where that is less accurate than the request asks for.</summary>
    /// <param name="inputs">The inputs, by which a repeated request is known.</param>
    /// <param name="minAccuracy">The least accuracy that it asks for, 0 to 1. Where it begins a session, variants below that are left out of the choice.</param>
    internal (long Session, int? Variant) Begin(ReadOnlySpan<TensorValue> inputs, double minAccuracy = 0)
    {
        var hash = HashOf(inputs);
        lock (_gate)
        {
            var pause = _time.GetElapsedTime(_lastRequest);
            if (_isOpen && pause > LongestPause) End();
            if (_isOpen && hash == _lastInputs && pause < RepeatedWithin) Model.Signal(_session, ImplicitSignal.Repeated);
            (_lastRequest, _lastInputs) = (_time.GetTimestamp(), hash);
            if (!_isOpen) Open(minAccuracy);
            return (_session, IsAccurate(_chosen, minAccuracy) ? _chosen : null);
        }
    }

    /// <summary>A request of a session has ended.</summary>
    /// <param name="session">Its session.</param>
    /// <param name="chosen">The variant with which it began; null for any.</param>
    /// <param name="answered">The variant that has answered; null where none has by the deadline.</param>
    /// <param name="seconds">What it took, s. It is the time of the chosen variant only where that has answered: one that stands in begins later, and no answer ends with the deadline.</param>
    internal void End(long session, int? chosen, int? answered, double seconds)
    {
        lock (_gate)
        {
            if (chosen is { } variant) Record(variant, answered == variant ? seconds : null);
            if (answered is null) Model.Signal(session, ImplicitSignal.Late);
            if (session != _session) return;
            (_seconds, _requests) = (_seconds + seconds, _requests + 1);
            if (answered is { } place) _answers[place]++;
        }
    }

    /// <summary>A request was given up by whoever made it.</summary>
    internal void Abandon(long session)
    {
        lock (_gate) Model.Signal(session, ImplicitSignal.Abandoned);
    }

    /// <summary>The user rates the session of a result.</summary>
    internal bool Rate(long session, double rating)
    {
        lock (_gate)
        {
            var isPresent = _isOpen && session == _session;
            if (isPresent) TellWhoAnswered();
            var taken = Model.Rate(session, rating, isPresent && _requests > 0 ? _seconds / _requests : null);
            if (isPresent && taken) _isOpen = false;
            if (taken) _saver?.SaveSoon();
            return taken;
        }
    }

    /// <summary>Ends the session. What was learned is saved by whoever calls, and no more after that.</summary>
    internal ValueTask CloseAsync()
    {
        EndSession();
        return _saver?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    // One that was not in time itself was late, whoever answered in its place.
    private void Record(int variant, double? seconds)
    {
        var known = _variants[variant];
        _variants[variant] = known with
        {
            Seconds = seconds is not { } taken ? known.Seconds : _isMeasured[variant] && known.Seconds is { } mean ? mean + (Newest * (taken - mean)) : taken,
            Lateness = (known.Lateness ?? 0) + (Newest * ((seconds is null ? 1 : 0) - (known.Lateness ?? 0))),
        };
        _isMeasured[variant] |= seconds is not null;
    }

    // What the session teaches is of the variant that has given most of its answers; of equals, of the chosen one.
    private void TellWhoAnswered()
    {
        var most = _chosen;
        for (var variant = 0; variant < _answers.Length; variant++)
            if (_answers[variant] > _answers[most]) most = variant;
        if (most != _chosen) Model.AnsweredBy(_session, most, _variants);
    }

    private void Open(double minAccuracy)
    {
        Array.Clear(_answers);
        (_session, _isOpen, _seconds, _requests) = (_session + 1, true, 0, 0);
        var allowed = 0;
        for (var variant = 0; variant < _variants.Length; variant++)
        {
            if (!_isMeasured[variant] && _expectedSeconds(variant) is > 0 and var expected) _variants[variant] = _variants[variant] with { Seconds = expected };
            if (IsAccurate(variant, minAccuracy)) (_allowed[allowed], _places[allowed++]) = (_variants[variant], variant);
        }

        _chosen = _places[Model.Choose(_session, _device, _allowed.AsSpan(0, allowed)).Variant];
    }

    // Where none is as accurate as that, the most accurate are.
    private bool IsAccurate(int variant, double minAccuracy)
    {
        var most = 0.0;
        foreach (var one in _variants) most = Math.Max(most, one.Accuracy);
        return _variants[variant].Accuracy >= Math.Min(minAccuracy, most);
    }

    private void End()
    {
        if (!_isOpen) return;
        TellWhoAnswered();
        Model.End(_session, _requests > 0 ? _seconds / _requests : null);
        _isOpen = false;
    }

    private static int HashOf(ReadOnlySpan<TensorValue> inputs)
    {
        var hash = new HashCode();
        foreach (var input in inputs)
        {
            var bytes = input.Bytes.Span;
            hash.Add(bytes.Length);
            var step = Math.Max(ComparedBytes, bytes.Length / ComparedPlaces);
            for (var at = 0; at < bytes.Length; at += step) hash.AddBytes(bytes.Slice(at, Math.Min(ComparedBytes, bytes.Length - at)));
        }

        return hash.ToHashCode();
    }
}
