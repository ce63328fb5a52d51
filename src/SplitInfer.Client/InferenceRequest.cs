using SplitInfer.Policies;

namespace SplitInfer.Client;

/// <summary>What one request asks for beside its inputs. The default asks for nothing.</summary>
public sealed class InferenceRequest
{
    private const int MaxUserBytes = 64;

    /// <summary>The partition to take, whatever the policy says; null leaves the choice to the policy. The policy does not learn from a request that names its own.</summary>
    public int? Partition { get; init; }

    /// <summary>
    /// How long after the call the result is still useful; null (the default) for <see cref="SplitInferenceOptions.Deadline"/>, <see cref="Timeout.InfiniteTimeSpan"/> for none.
    /// A result that is not there by then is not given: the call throws <see cref="Transport.RequestTimeoutException"/>, once what runs can be stopped, unless an exit has given an answer on the way. Up to 5 ms later, which is
    /// what timers and threads may add, counts as in time.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is 0 or negative.</exception>
    public TimeSpan? Deadline
    {
        get;
        init => field = value is not { } deadline || deadline > TimeSpan.Zero || deadline == Timeout.InfiniteTimeSpan
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Deadline), value, $"{nameof(InferenceRequest)}.{nameof(Deadline)} must be more than 0; {nameof(Timeout)}.{nameof(Timeout.InfiniteTimeSpan)} is no deadline.");
    }

    /// <summary>
    /// The least accuracy that the variant which answers is expected to have, 0 to 1, with a <see cref="SplitInferenceOptions.Family"/>: in the terms of
    /// <see cref="InferenceResult.Accuracy"/>. Where none has it, the most accurate one answers. By the deadline a poorer answer of the device is still given where
    /// there is no other. 0 (the default) allows all variants.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not from 0 to 1.</exception>
    public double MinAccuracy
    {
        get;
        init => field = value is >= 0 and <= 1 ? value : throw new ArgumentOutOfRangeException(nameof(MinAccuracy), value, $"{nameof(InferenceRequest)}.{nameof(MinAccuracy)} must be from 0 to 1; 0.6 asks for 60 %.");
    }

    /// <summary>
    /// The least share of answers, among requests like this one, that are to be the model's own, 0 to 1: an exit may answer where it is expected to agree with the model that often. On the device
    /// exits are those of <see cref="SplitInferenceOptions.Exits"/>; a server may have its own, and uses them where it has much to do. Null (the default): an exit of the device
    /// answers where its file promises it, and the server's never do; by the deadline the surest answer that one of the device has given is better than none, however sure it is
    /// (<see cref="InferenceResult.Confidence"/> tells). A number holds by the deadline as well: what is less sure is not given, and the call throws where there is nothing else; 1 asks for the model itself.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not from 0 to 1.</exception>
    public double? MinQuality
    {
        get;
        init => field = value is null or (>= 0 and <= 1) ? value : throw new ArgumentOutOfRangeException(nameof(MinQuality), value, $"{nameof(InferenceRequest)}.{nameof(MinQuality)} must be from 0 to 1; 0.99 allows one answer in a hundred to be another than the model's.");
    }

    /// <summary>
    /// On whose behalf the request is sent, for a server that shares its time among users by exits, so that it is told only with a <see cref="MinQuality"/>; at most 64 bytes of UTF-8. Empty (the default) where
    /// the client is one user.
    /// </summary>
    /// <exception cref="ArgumentException">It is longer.</exception>
    public string User
    {
        get;
        init => field = System.Text.Encoding.UTF8.GetByteCount(value ?? throw new ArgumentNullException(nameof(User))) <= MaxUserBytes ? value : throw new ArgumentException($"{nameof(InferenceRequest)}.{nameof(User)} has more than {MaxUserBytes} bytes; give a shorter name or a digest.", nameof(User));
    } = "";

    /// <summary>
    /// How much the request matters; an ordinary request by default. A policy that learns explores less with a request that weighs more, never sends
    /// a key frame only to learn, and the server is told the weight.
    /// </summary>
    public QualityOfService Quality { get; init; }

    /// <summary>Whether the request matters more than its neighbours, such as a frame that differs from the last one: a way to set <see cref="Quality"/>.</summary>
    public bool IsKeyFrame
    {
        get => Quality.IsKey;
        init => Quality = value ? QualityOfService.KeyFrame : default;
    }

    /// <summary>
    /// Whether a boundary is sent even if it has infinities or NaN. Otherwise the device runs the whole model, and
    /// <see cref="InferenceResult.ServerFailure"/> is a <see cref="Attempts.NonFiniteBoundaryException"/>. False unless set; true for callers that check
    /// the result themselves, as a verification does.
    /// </summary>
    public bool SendsWhatIsNotFinite { get; init; }
}
