namespace SplitInfer.Simulation.RandomWorlds;

/// <summary>How much bandwidth, server or device differ from what they are at first, over time: factors.</summary>
internal static class RandomTimeline
{
    /// <summary>Nothing changes.</summary>
    public static Timeline<double> Steady { get; } = new([(0, 1)]);

    /// <summary>A few steps to values that have nothing to do with one another.</summary>
    public static Timeline<double> Steps(ScenarioRandom draws, int frames, double largest)
    {
        var steps = new List<(int, double)> { (0, 1) };
        for (var from = draws.Whole(20, frames / 2); from < frames; from += draws.Whole(15, frames / 2))
            steps.Add((from, draws.LogUniform(1 / largest, largest)));
        return new([.. steps]);
    }

    /// <summary>Slow for a while, once or more often.</summary>
    public static Timeline<double> Episodes(ScenarioRandom draws, int frames, double largest)
    {
        var steps = new List<(int, double)> { (0, 1) };
        for (var from = draws.Whole(20, frames / 2); from < frames; from += draws.Whole(20, frames / 2))
        {
            steps.Add((from, draws.LogUniform(1.5, largest)));
            from += draws.Whole(5, 100);
            steps.Add((from, 1));
        }

        return new([.. steps]);
    }

    /// <summary>Gone for a frame or a few, again and again.</summary>
    public static Timeline<double> Spikes(ScenarioRandom draws, int frames)
    {
        var steps = new List<(int, double)> { (0, 1) };
        for (var from = draws.Whole(10, 40); from < frames; from += draws.Whole(10, 60))
        {
            steps.Add((from, 1 / draws.LogUniform(3, 20)));
            from += draws.Whole(1, 4);
            steps.Add((from, 1));
        }

        return new([.. steps]);
    }

    /// <summary>There and back, a little each frame.</summary>
    public static Timeline<double> Ramp(ScenarioRandom draws, int frames)
    {
        var (begin, length, hold) = (draws.Whole(20, frames / 4), draws.Whole(10, frames / 4), draws.Whole(10, frames / 4));
        var depth = Math.Log(draws.LogUniform(3, 20)) * (draws.Flag(0.5) ? 1 : -1);
        return new([.. Enumerable.Range(0, frames).Select(frame =>
        {
            var there = Math.Clamp((double)(frame - begin) / length, 0, 1);
            var back = Math.Clamp((double)(frame - begin - length - hold) / length, 0, 1);
            return (frame, Math.Exp(depth * (there - back)));
        })]);
    }

    /// <summary>Wanders around 1, a step every one to ten frames.</summary>
    public static Timeline<double> Trace(ScenarioRandom draws, int frames)
    {
        var (pace, deviation, memory) = (draws.Whole(1, 10), draws.Uniform(0.05, 0.4), draws.Uniform(0.8, 0.98));
        var steps = new List<(int, double)>();
        var log = 0.0;
        for (var from = 0; from < frames; from += pace)
        {
            steps.Add((from, Math.Exp(log)));
            log = (memory * log) + Math.Log(draws.Factor(deviation));
        }

        return new([.. steps]);
    }
}
