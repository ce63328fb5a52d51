namespace SplitInfer.Client.Streams;

/// <summary>How a stream of frames is inferred. Read once, when the enumeration begins.</summary>
public sealed class StreamOptions
{
    /// <summary>
    /// How long a frame may take from the moment at which the source yielded it to its result, waits included. Routes are chosen so that frames keep to it; one that does not is
    /// <see cref="Policies.Streams.StreamFate.Late"/>, which is no error. Null (the default) for no limit. The <see cref="SplitInferenceOptions.Deadline"/> of the client does not apply to streams.
    /// </summary>
    public TimeSpan? MaxLatency { get; set; }

    /// <summary>What happens when frames come faster than they can be inferred. The source waits unless set.</summary>
    public WhenBehind WhenBehind { get; set; }

    /// <summary>The most frames in flight at a time; 1 infers one after the other, as ordinary requests do, so that the client's policy chooses and learns. Null (the default) leaves it to the planner, within what the servers take at a time.</summary>
    public int? MaxInFlight { get; set; }

    /// <summary>Whether results are yielded in the order of the frames, so that one may wait for those before it. True unless set; false yields each as soon as it is there.</summary>
    public bool Ordered { get; set; } = true;

    /// <summary>How many frames come in a second, where that is known; null (the default) learns it from when they come.</summary>
    public double? FramesPerSecond { get; set; }

    /// <summary>The partition that all frames take, with the codec of the client's options; null (the default) has a planner choose routes, or the client's policy where that one does not learn.</summary>
    public int? Partition { get; set; }

    /// <summary>Checks what can be checked without a client.</summary>
    /// <exception cref="ArgumentException">One cannot be used; the message names it.</exception>
    internal void Validate()
    {
        Require(!(MaxLatency <= TimeSpan.Zero), nameof(MaxLatency), $"more than 0, or null for no limit; it is {MaxLatency}");
        Require(Enum.IsDefined(WhenBehind), nameof(WhenBehind), $"one of {string.Join(", ", Enum.GetNames<WhenBehind>())}");
        Require(MaxInFlight is not < 1, nameof(MaxInFlight), $"at least 1, or null to leave it to the planner; it is {MaxInFlight}");
        Require(FramesPerSecond is not { } rate || (rate > 0 && double.IsFinite(rate)), nameof(FramesPerSecond), $"more than 0, or null where it is not known; it is {FramesPerSecond}");
        Require(Partition is not < 0, nameof(Partition), $"at least 0, or null to have routes chosen; it is {Partition}");
    }

    private static void Require(bool isRight, string option, string expected)
    {
        if (!isRight) throw new ArgumentException($"The option {nameof(StreamOptions)}.{option} must be {expected}.", option);
    }
}

/// <summary>What happens to frames of a stream that come faster than they can be inferred.</summary>
public enum WhenBehind
{
    /// <summary>Each is inferred: the source is asked for the next frame only when there is a place for it. For files, and whatever else can wait.</summary>
    Wait,

    /// <summary>One frame waits for a place, and a newer one takes its turn. For live pictures, of which the newest counts.</summary>
    DropOldest,

    /// <summary>One frame waits for a place, and those that come meanwhile are left out.</summary>
    DropNewest,
}
