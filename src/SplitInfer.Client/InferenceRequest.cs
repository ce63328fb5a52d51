using SplitInfer.Policies;

namespace SplitInfer.Client;

/// <summary>What one request asks for beside its inputs. The default asks for nothing.</summary>
public sealed class InferenceRequest
{
    /// <summary>The partition to take, whatever the policy says; null leaves the choice to the policy. The policy does not learn from a request that names its own.</summary>
    public int? Partition { get; init; }

    /// <summary>How long after the call the result is still of use; null for <see cref="SplitInferenceOptions.Deadline"/>.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>How much the request matters. An ordinary request by default.</summary>
    public QualityOfService Quality { get; init; }

    /// <summary>Whether the request matters more than its neighbours, such as a frame that differs from the last one: a way to set <see cref="Quality"/>.</summary>
    public bool IsKeyFrame
    {
        get => Quality.IsKey;
        init => Quality = value ? QualityOfService.KeyFrame : default;
    }

    /// <summary>
    /// Whether a boundary goes to the server though it has infinities or what is not a number, where the request names its partition; else that is a
    /// <see cref="Attempts.NonFiniteBoundaryException"/>. False unless set; true for who judges the result, as a verification does.
    /// </summary>
    public bool SendsWhatIsNotFinite { get; init; }
}
