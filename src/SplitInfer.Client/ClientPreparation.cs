using SplitInfer.Client.Arms;
using SplitInfer.Client.Attempts;
using SplitInfer.Client.Device;
using SplitInfer.Client.Profiling;
using SplitInfer.Client.State;
using SplitInfer.Codecs;
using SplitInfer.Policies;
using SplitInfer.Policies.Catalog;

namespace SplitInfer.Client;

/// <summary>What a client does before its first request: loads segments, measures heads and warms up, as far as the options' budget goes.</summary>
/// <param name="options">The client's options.</param>
/// <param name="variants">The models on the device.</param>
/// <param name="arms">The arms.</param>
/// <param name="policy">What it learns is measured.</param>
/// <param name="hasServer">Whether there are servers.</param>
/// <param name="state">Where delays of heads go, and warnings.</param>
/// <param name="mask">Takes cuts whose heads do not load.</param>
internal sealed class ClientPreparation(SplitInferenceOptions options, VariantSet variants, ArmCatalog arms, IPartitionPolicy policy, bool hasServer, LearnedState state, ArmMask mask)
{
    private readonly TimeProvider _time = options.TimeProvider;
    private readonly bool _learns = policy.Needs != PolicyNeeds.None;

    /// <summary>Does it.</summary>
    public async ValueTask RunAsync(CancellationToken cancellationToken)
    {
        if (options.PreloadArms) await LoadAsync(static () => false, cancellationToken).ConfigureAwait(false);
        if (_learns)
        {
            var start = _time.GetTimestamp();
            var profiler = new HeadProfiler(variants, arms.PartitionsOf, MaskCut, _time);
            if (policy.Needs.HasFlag(PolicyNeeds.HeadProfile)) await profiler.MeasureAsync(state.Heads.Profile, options.ProfilingBudget, state.Warn, cancellationToken).ConfigureAwait(false);
            state.Save();
            if (!options.PreloadArms) await LoadAsync(() => _time.GetElapsedTime(start) >= options.ProfilingBudget, cancellationToken).ConfigureAwait(false);
        }

        // Last, when it is known which that is.
        if (variants.AreSeveral && hasServer && (options.FallsBack || options.Races)) await variants[FastestVariant()].Model.KeepWholeAsync(cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask LoadAsync(Func<bool> shouldStop, CancellationToken cancellationToken)
    {
        for (var variant = 0; variant < variants.All.Length; variant++)
        {
            var place = variant;
            await variants[variant].Model.PreloadAsync(arms.PartitionsOf(variant), withTails: _learns && hasServer && options.Races, shouldStop, (cut, reason) => MaskCut(place, cut, reason), cancellationToken).ConfigureAwait(false);
        }

        if (!hasServer) return;
        await Task.Run(() => CodecWarmUp.Run(arms.Codecs, shouldStop), cancellationToken).ConfigureAwait(false);
        if (!_learns || !options.Races) return;
        await Task.Run(async () =>
        {
            if (!shouldStop()) PolicyWarmUp.Run(policy.Name);
            await WarmUp.RunAsync(variants.Main, arms, options.KnownCodecs, shouldStop, cancellationToken).ConfigureAwait(false);
        }, cancellationToken).ConfigureAwait(false);
    }

    private void MaskCut(int variant, int cut, string reason) => mask.Add(variant, cut, reason);

    /// <summary>The variant that is the fastest here; where that was not measured for all, where the family was made.</summary>
    private int FastestVariant()
    {
        var isMeasured = variants.All.All(static variant => variant.Model.WholeSeconds > 0);
        return Enumerable.Range(0, variants.All.Length).MinBy(variant => isMeasured ? variants[variant].Model.WholeSeconds : arms.Variants[variant].RelativeSeconds ?? 1);
    }
}
