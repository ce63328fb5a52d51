using SplitInfer.Client;
using SplitInfer.Emulation;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>What the links to the servers are like.</summary>
/// <param name="Name">In a word.</param>
/// <param name="Links">By server.</param>
internal sealed record ServedJointWorld(string Name, IReadOnlyList<LinkConditions> Links)
{
    private static readonly LinkConditions Slow = new(4, TimeSpan.FromMilliseconds(40)), Fast = new(50, TimeSpan.FromMilliseconds(10));

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ServedJointWorld> All { get; } = [new("SlowAndFast", [Slow, Fast]), new("Fast", [Fast, Fast]), new("Slow", [Slow, Slow])];
}

/// <summary>What one contender took in one world.</summary>
/// <param name="World">The world.</param>
/// <param name="Contender"><c>joint</c>, or the setting of a single knob.</param>
/// <param name="Knobs">The knobs that have this setting; none for <c>joint</c>.</param>
/// <param name="Requests">How many requests it made.</param>
/// <param name="MeanMs">Mean time of a request, ms.</param>
/// <param name="LaterMeanMs">The same of the second half of them.</param>
/// <param name="Agreement">Share of answers that are those of the main variant.</param>
/// <param name="Accuracy">Share of right answers; null without labels.</param>
/// <param name="Choice">What it chose most often.</param>
/// <param name="ChoiceShare">Share of requests for which it did.</param>
internal sealed record ServedJointRow(string World, string Contender, IReadOnlyList<string> Knobs, int Requests, double MeanMs, double LaterMeanMs, double Agreement, double? Accuracy, string Choice, double ChoiceShare);

/// <summary>The joint choice in one world beside the best single knob.</summary>
/// <param name="World">The world.</param>
/// <param name="JointMs">Mean time of a request, ms, learning included.</param>
/// <param name="SingleKnob">The knob that would have been best, in hindsight.</param>
/// <param name="SingleKnobSetting">Its best setting.</param>
/// <param name="SingleKnobMs">What that took, ms.</param>
/// <param name="Ratio">How many times as much that is.</param>
/// <param name="LaterRatio">The same of the second half of the requests.</param>
/// <param name="Agreement">Share of answers of the joint choice that are those of the main variant.</param>
/// <param name="SingleKnobAgreement">The same of the best single knob.</param>
/// <param name="KnobMs">What the best setting of each knob took, ms.</param>
internal sealed record ServedJointSummary(
    string World, double JointMs, string SingleKnob, string SingleKnobSetting, double SingleKnobMs, double Ratio, double LaterRatio, double Agreement, double SingleKnobAgreement, IReadOnlyDictionary<string, double> KnobMs)
{
    /// <summary>Sums one world up.</summary>
    public static ServedJointSummary Of(IReadOnlyCollection<ServedJointRow> rows)
    {
        var (joint, best) = (rows.Single(static row => row.Knobs.Count == 0), rows.Where(static row => row.Knobs.Count > 0).MinBy(static row => row.MeanMs)!);
        // What is best may have no knob turned at all.
        return new(
            joint.World, joint.MeanMs, best.Knobs.Count == 1 ? best.Knobs[0] : "none", best.Contender, best.MeanMs, best.MeanMs / joint.MeanMs,
            rows.Where(static row => row.Knobs.Count > 0).Min(static row => row.LaterMeanMs) / joint.LaterMeanMs, joint.Agreement, best.Agreement,
            ServedJointSettings.Knobs.ToDictionary(static knob => knob, knob => rows.Where(row => row.Knobs.Contains(knob)).Min(static row => row.MeanMs), StringComparer.Ordinal));
    }
}

/// <summary>Counts the requests of one contender. Not thread-safe.</summary>
/// <param name="name">What it is called.</param>
/// <param name="knobs">The knobs that have its setting.</param>
/// <param name="client">Its client.</param>
internal sealed class ServedJointTally(string name, IReadOnlyList<string> knobs, SplitInferenceClient client)
{
    private readonly List<double> _ms = [];
    private readonly Dictionary<string, int> _choices = [];
    private int _agreeing, _right;

    /// <summary>What it is called.</summary>
    public string Name => name;

    /// <summary>The knobs that have its setting.</summary>
    public IReadOnlyList<string> Knobs => knobs;

    /// <summary>Its client.</summary>
    public SplitInferenceClient Client => client;

    /// <summary>The median time so far, ms.</summary>
    public double MedianMs => Median.Of(_ms);

    /// <summary>Counts a request.</summary>
    public void Add(double ms, bool agrees, bool isRight, string choice)
    {
        _ms.Add(ms);
        _choices[choice] = _choices.GetValueOrDefault(choice) + 1;
        if (agrees) _agreeing++;
        if (isRight) _right++;
    }

    /// <summary>What was counted.</summary>
    public ServedJointRow Row(string world, bool hasLabels)
    {
        var (choice, most) = _choices.MaxBy(static one => one.Value);
        return new(world, name, knobs, _ms.Count, _ms.Average(), _ms.Skip(_ms.Count / 2).Average(), (double)_agreeing / _ms.Count, hasLabels ? (double)_right / _ms.Count : null, choice, (double)most / _ms.Count);
    }
}
