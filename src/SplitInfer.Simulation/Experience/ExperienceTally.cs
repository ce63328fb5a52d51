namespace SplitInfer.Simulation.Experience;

/// <summary>Sums up sessions as they are played. Not thread-safe.</summary>
internal sealed class ExperienceTally(ExperienceWorld world)
{
    private const int CountedRatings = 31;

    private readonly (double Own, double Oracle)[] _fromRatings = new (double, double)[CountedRatings];
    private (double Own, double Oracle) _first, _newcomers, _veterans;
    private int _sessions, _all, _asked, _answered, _mostBytes, _deviceDays;
    private long _bytes;

    /// <summary>Counts a session.</summary>
    /// <param name="device">Its device.</param>
    /// <param name="session">Which of the device's it is.</param>
    /// <param name="ratings">Ratings that the device had before it.</param>
    /// <param name="content">How content its user was.</param>
    /// <param name="oracle">How content the user could have been.</param>
    public void Count(int device, int session, long ratings, double content, double oracle)
    {
        _all++;
        if (device < world.FirstNewcomer)
        {
            if (session >= world.Days * ExperienceWorld.SessionsPerDay / 2) Add(ref _veterans, content, oracle);
            return;
        }

        _sessions++;
        Add(ref _newcomers, content, oracle);
        if (session == 0) Add(ref _first, content, oracle);
        for (var i = 0; i <= Math.Min(ratings, CountedRatings - 1); i++) Add(ref _fromRatings[i], content, oracle);
    }

    /// <summary>Counts a question.</summary>
    public void CountQuestion(bool isAnswered)
    {
        _asked++;
        if (isAnswered) _answered++;
    }

    /// <summary>Counts what a device sent in a day.</summary>
    public void CountUpload(int bytes)
    {
        _deviceDays++;
        _bytes += bytes;
        _mostBytes = Math.Max(_mostBytes, bytes);
    }

    public ExperienceResult Result(ExperienceContender contender) => new()
    {
        Contender = contender,
        Sessions = _sessions,
        Content = _newcomers.Own / _sessions,
        OracleContent = _newcomers.Oracle / _sessions,
        RatioFromRatings = [.. _fromRatings.Select(Ratio)],
        FirstRatio = Ratio(_first),
        VeteranRatio = Ratio(_veterans),
        AskedShare = (double)_asked / _all,
        AnsweredShare = _asked == 0 ? 0 : (double)_answered / _asked,
        UploadBytesPerDay = _deviceDays == 0 ? 0 : (double)_bytes / _deviceDays,
        MostUploadBytes = _mostBytes,
    };

    private static double Ratio((double Own, double Oracle) sums) => sums.Own / sums.Oracle;

    private static void Add(ref (double Own, double Oracle) sums, double own, double oracle) => sums = (sums.Own + own, sums.Oracle + oracle);
}
