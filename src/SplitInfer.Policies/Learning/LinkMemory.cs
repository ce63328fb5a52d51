namespace SplitInfer.Policies.Learning;

/// <summary>What the link was like before it became slow: what it may go back to.</summary>
internal sealed class LinkMemory
{
    /// <summary>A link no more than this many times slower than remembered is still the same one.</summary>
    private const double Same = 1.1;

    /// <summary>A link at least this many times slower than remembered is a slow one.</summary>
    private const double Slow = 1.5;

    /// <summary>Decisions after which a slow link is taken to be what it is.</summary>
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
