using SplitInfer.Client.Policies;
using SplitInfer.Client.Policies.State;
using SplitInfer.Client.Profiling;

namespace SplitInfer.Client;

/// <summary>
/// What a client knows from earlier runs and leaves to later ones: delays of the heads and what the policy learned. A file that
/// cannot be used costs a cold start and a warning. <see cref="HeadRefinement"/> apart, not thread-safe.
/// </summary>
internal sealed class ClientMemory(SplitInferenceOptions options, ClientModel model)
{
    /// <summary>Digits of a fingerprint in the name of a file; the file holds all of them.</summary>
    private const int NameDigits = 16;

    private readonly List<string> _warnings = [];
    private readonly Fingerprint _device = DeviceFingerprint.Of(options.Execution);
    private readonly PolicyStateKey _key = PolicyStateKey.Of(model.Plan.Model, model.Arms.Profiles, options.Server?.ToString() ?? "");
    private IPartitionPolicy? _policy;

    /// <summary>Delays of the heads.</summary>
    public HeadRefinement Heads { get; } = new(new HeadProfile([.. model.Plan.Partitions.Select(static p => p.Head.Macs)]));

    /// <summary>What the client could do without, for people.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>Takes note of what the client can do without.</summary>
    public void Warn(string warning) => _warnings.Add(warning);

    /// <summary>Takes over what earlier runs left, and has <see cref="Save"/> leave what this one learns.</summary>
    public void Load(IPartitionPolicy policy)
    {
        _policy = policy;
        if (options.StateDirectory is null) return;
        Try(() => HeadProfileFile.Load(HeadsPath, model.Plan.Model, _device, Heads.Profile));
        if (policy is IStatefulPolicy stateful) Try(() => PolicyStateFile.Load(PathOf(stateful), _key, stateful));
    }

    /// <summary>Leaves what is known to later runs.</summary>
    public void Save()
    {
        if (options.StateDirectory is not { } folder || _policy is null) return;
        Try(() =>
        {
            Directory.CreateDirectory(folder);
            HeadProfileFile.Save(HeadsPath, model.Plan.Model, _device, Heads.Profile);
            if (_policy is IStatefulPolicy stateful) PolicyStateFile.Save(PathOf(stateful), _key, stateful);
        });
    }

    private string HeadsPath => PathOf("heads", _device);

    private string PathOf(IStatefulPolicy policy) => PathOf(policy.Name, _key.Server);

    private string PathOf(string what, Fingerprint owner) =>
        Path.Combine(options.StateDirectory!, $"{model.Plan.Model.ToString()[..NameDigits]}.{owner.ToString()[..NameDigits]}.{what}");

    private void Try(Action action)
    {
        try
        {
            action();
        }
        catch (Exception error) when (error is SplitInferException or IOException or UnauthorizedAccessException)
        {
            Warn(error.Message);
        }
    }
}
