namespace SplitInfer.Simulation.Experience;

/// <summary>What a contender made of the devices that come when the fleet has learned. Contents are 0 to 1, noise of single requests left out.</summary>
public sealed record ExperienceResult
{
    /// <summary>Who chose.</summary>
    public required ExperienceContender Contender { get; init; }

    /// <summary>Sessions of the devices that come late.</summary>
    public required int Sessions { get; init; }

    /// <summary>Mean content of their users.</summary>
    public required double Content { get; init; }

    /// <summary>The oracle's.</summary>
    public required double OracleContent { get; init; }

    /// <summary>Content as a part of the oracle's in sessions before which a device had at least so many ratings; NaN where there are none.</summary>
    public required IReadOnlyList<double> RatioFromRatings { get; init; }

    /// <summary>Content as a part of the oracle's in the first session of each device.</summary>
    public required double FirstRatio { get; init; }

    /// <summary>The same for the devices that taught the fleet, over their second half.</summary>
    public required double VeteranRatio { get; init; }

    /// <summary>Share of sessions in which the user was asked, of all devices.</summary>
    public required double AskedShare { get; init; }

    /// <summary>Share of these that the user answered.</summary>
    public required double AnsweredShare { get; init; }

    /// <summary>Bytes that a device sends in a day, in the mean.</summary>
    public required double UploadBytesPerDay { get; init; }

    /// <summary>The most bytes that any device sent in a day.</summary>
    public required int MostUploadBytes { get; init; }

    /// <summary>Content as a part of the oracle's.</summary>
    public double Ratio => Content / OracleContent;

    /// <summary>The least number of ratings from which on 95 % of the oracle's content are had; null where none of those that are counted is enough.</summary>
    public int? RatingsTo95
    {
        get
        {
            for (var ratings = 0; ratings < RatioFromRatings.Count; ratings++)
                if (RatioFromRatings[ratings] >= 0.95) return ratings;
            return null;
        }
    }
}
