using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Server.Models;

namespace SplitInfer.Server.Connections;

/// <summary>What clients are told of a model that is open.</summary>
internal static class ModelReport
{
    // A number takes at most five bytes, so the header stays below its limit.
    private const int MaxTails = 8192;

    /// <summary>The model's version and how long its tails take, as far as they were measured.</summary>
    /// <param name="model">The model.</param>
    /// <param name="isDescribed">Whether the client has no copy of it.</param>
    public static ModelOpened Opened(IServedModel model, bool isDescribed)
    {
        if (isDescribed) return new() { Version = model.Version, Description = ModelDescriptions.Of(model.Plan) };
        var opened = new ModelOpened { Version = model.Version };
        foreach (var seconds in model.TailSeconds.Take(MaxTails)) opened.TailUs.Add(seconds > 0 ? (uint)Math.Clamp(seconds * 1e6, 1, uint.MaxValue) : 0);
        return opened;
    }

    /// <summary>Has the client open a model anew, which was replaced by one that the same message opens.</summary>
    public static HeaderOnlyMessage Replaced(uint handle) => new(FrameType.GoAway, handle, new GoAway { Reason = (uint)RefusalCode.ModelClosed });
}
