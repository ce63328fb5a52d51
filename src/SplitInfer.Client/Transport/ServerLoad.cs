using SplitInfer.Protocol.Messages;

namespace SplitInfer.Client.Transport;

/// <summary>How busy a server said it was when it replied.</summary>
/// <param name="Running">Tails that run.</param>
/// <param name="Queued">Requests that wait for a place to run.</param>
/// <param name="Places">Tails that run at a time, at most.</param>
/// <param name="WaitSeconds">How long a request that comes now will wait for a place.</param>
public readonly record struct ServerLoad(int Running, int Queued, int Places, double WaitSeconds)
{
    // No server names a higher one.
    private const float MaxPrice = 1000;

    private const int MaxPlaces = 10_000;

    /// <summary>What a second of its time costs others: the seconds that all of their requests together wait longer for it. 0 where it did not say.</summary>
    public double Price { get; init; }

    /// <summary><see cref="Places"/>, or 0 where no server has so many.</summary>
    internal int PlausiblePlaces => Places is >= 0 and <= MaxPlaces ? Places : 0;

    /// <summary>Reads what a server says.</summary>
    internal static ServerLoad Read(Load load) => new((int)load.Running, (int)load.Queued, (int)load.Places, load.WaitUs * 1e-6)
    {
        // What is no price costs nothing.
        Price = load.Price is >= 0 and <= MaxPrice ? load.Price : 0,
    };
}
