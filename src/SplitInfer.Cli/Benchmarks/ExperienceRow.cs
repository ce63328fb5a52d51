using SplitInfer.Simulation.Experience;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>What one contender made of several worlds of simulated users. Ratios are to the content of an oracle that knows each user's mind.</summary>
/// <param name="Contender">Who chose.</param>
/// <param name="Worlds">How many worlds.</param>
/// <param name="Sessions">Sessions of devices that came when the fleet had learned, of all worlds.</param>
/// <param name="Content">Mean content of their users, 0 to 1.</param>
/// <param name="Ratio">Ratio over all of these sessions.</param>
/// <param name="LeastRatio">The same in the worst world.</param>
/// <param name="FirstRatio">Ratio over the first session of each of these devices.</param>
/// <param name="RatioAfterFive">Ratio over the sessions before which the device had at least five ratings; null where none has.</param>
/// <param name="LeastRatioAfterFive">The same in the worst world.</param>
/// <param name="RatingsTo95">Ratings of a device from which on the ratio is at least 0.95, the most of all worlds; null where one world has none up to 30.</param>
/// <param name="VeteranRatio">Ratio over the second half of the devices that taught the fleet.</param>
/// <param name="AskedShare">Share of all sessions in which the user was asked.</param>
/// <param name="AnsweredShare">Share of these that were answered.</param>
/// <param name="UploadBytesPerDay">Bytes of statistics that a device sends in a day, in the mean.</param>
/// <param name="MostUploadBytes">The most that one sent in a day.</param>
internal sealed record ExperienceRow(
    string Contender, int Worlds, int Sessions, double Content, double Ratio, double LeastRatio, double FirstRatio, double? RatioAfterFive, double? LeastRatioAfterFive, int? RatingsTo95,
    double VeteranRatio, double AskedShare, double AnsweredShare, double UploadBytesPerDay, int MostUploadBytes)
{
    private const int Few = 5;

    /// <summary>Plays a contender in worlds of consecutive seeds.</summary>
    public static ExperienceRow Play(ExperienceContender contender, IEnumerable<ExperienceWorld> worlds, CancellationToken cancellationToken)
    {
        var results = new List<ExperienceResult>();
        foreach (var world in worlds)
        {
            cancellationToken.ThrowIfCancellationRequested();
            results.Add(new ExperienceSimulator(world).Play(contender));
        }

        double[] afterFive = [.. results.Select(static result => result.RatioFromRatings[Few]).Where(static ratio => !double.IsNaN(ratio))];
        var reach = results.Select(static result => result.RatingsTo95).ToArray();
        return new(
            contender.ToString(), results.Count, results.Sum(static r => r.Sessions), results.Average(static r => r.Content), results.Average(static r => r.Ratio), results.Min(static r => r.Ratio),
            results.Average(static r => r.FirstRatio), afterFive.Length > 0 ? afterFive.Average() : null, afterFive.Length > 0 ? afterFive.Min() : null, reach.Contains(null) ? null : reach.Max(),
            results.Average(static r => r.VeteranRatio), results.Average(static r => r.AskedShare), results.Average(static r => r.AnsweredShare),
            results.Average(static r => r.UploadBytesPerDay), results.Max(static r => r.MostUploadBytes));
    }
}
