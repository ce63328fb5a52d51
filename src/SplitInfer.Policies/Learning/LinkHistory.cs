namespace SplitInfer.Policies.Learning;

/// <summary>Remembers the link as it was before it became slow, because it may recover.</summary>
internal sealed class LinkHistory
{
    /// <summary>Up to this factor slower than remembered, the link is considered unchanged.</summary>
    private const double Same = 1.1;

    /// <summary>From this factor on, the link is considered slow.</summary>
    private const double Slow = 1.5;

    /// <summary>Decisions after which a slow link is considered normal.</summary>
    private const int Lifetime = 200;

    /// <summary>The link as it is remembered.</summary>
    public LinkDelay Link { get; private set; }

    /// <summary>Decisions for which the link has been slow; 0 where it is not.</summary>
    public int Age { get; private set; }

    /// <summary>Counts a decision.</summary>
    public void Advance(in LinkDelay link)
    {
        if (Link.SecondsPerBit == 0 || Age > Lifetime || (link.SecondsPerBit <= Same * Link.SecondsPerBit && IsCertain(link))) Link = link;
        Age = link.SecondsPerBit > Slow * Link.SecondsPerBit ? Age + 1 : 0;
    }

    // Just after a change it may not be known how much of it is the round trip's and how much the bandwidth's.
    private static bool IsCertain(in LinkDelay link) => link.SlopeVariance < link.SecondsPerBit * link.SecondsPerBit;
}
