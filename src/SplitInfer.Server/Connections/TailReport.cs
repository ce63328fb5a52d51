using SplitInfer.Protocol.Messages;
using SplitInfer.Server.Models;

namespace SplitInfer.Server.Connections;

/// <summary>What clients are told of a model that is open.</summary>
internal static class TailReport
{
    // A number takes at most five bytes, so the header stays below its limit.
    private const int MaxTails = 8192;

    /// <summary>The model's version and how long its tails take, as far as they were measured.</summary>
    public static ModelOpened Opened(IServedModel model)
    {
        var opened = new ModelOpened { Version = model.Version };
        foreach (var seconds in model.TailSeconds.Take(MaxTails)) opened.TailUs.Add(seconds > 0 ? (uint)Math.Clamp(seconds * 1e6, 1, uint.MaxValue) : 0);
        return opened;
    }
}
