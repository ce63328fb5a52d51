namespace SplitInfer.Cli.Benchmarks;

/// <summary>What a stream of one contender came to in one world, with a real server.</summary>
/// <param name="World">The world: link and device.</param>
/// <param name="Contender">Who chose.</param>
/// <param name="Frames">Frames that had a result.</param>
/// <param name="Fps">Results a second.</param>
/// <param name="LaterFps">The same over the second half of the frames, when most is learned.</param>
/// <param name="P50Ms">Latency that half of the frames did not exceed.</param>
/// <param name="P95Ms">Latency that 95 % did not exceed.</param>
/// <param name="Dropped">Frames for which others were inferred.</param>
/// <param name="BoundRatio">Results a second, relative to the most that device, link and server could take as the planner saw it at the end of its own stream; null where it saw none.</param>
/// <param name="Route">What most frames took.</param>
/// <param name="RouteShare">The part of the frames that did, 0 to 1.</param>
internal sealed record ServedStreamRow(string World, string Contender, int Frames, double Fps, double LaterFps, double P50Ms, double P95Ms, long Dropped, double? BoundRatio, string Route, double RouteShare);
